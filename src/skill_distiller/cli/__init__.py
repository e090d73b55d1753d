"""The command line: one file a command, options named once, one error boundary."""
