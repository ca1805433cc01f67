"""The terminal's commands that are about runs; `mnistlab.__main__` reads the command line."""
