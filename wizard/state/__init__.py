"""The state file: its content, its one writer, its lock."""
