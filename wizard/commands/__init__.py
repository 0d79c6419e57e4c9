"""One module a command: check, ask, do, recommend what to do next. Imported only when it is called."""
