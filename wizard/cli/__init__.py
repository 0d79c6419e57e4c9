"""The command line: what can be typed, and what every command takes."""
