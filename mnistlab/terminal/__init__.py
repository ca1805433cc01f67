"""The commands of the terminal, a file a group; `mnistlab.__main__` reads the command line."""
