"""The command line: one small file a command. Everything a person reads goes to stdout, logs go to stderr."""
