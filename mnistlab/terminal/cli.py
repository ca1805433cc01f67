"""The whole command line: all groups of commands, in the order of `--help`."""

import argparse

from mnistlab.terminal import (
    data_commands,
    experiment_commands,
    handwriting_commands,
    network_commands,
    run_commands,
    training_commands,
)
from mnistlab.terminal.parser import Commands, Parser

GROUPS = (
    training_commands,
    experiment_commands,
    run_commands,
    network_commands,
    data_commands,
    handwriting_commands,
)


def build_parser() -> Parser:
    parser = Parser(
        prog="python -m mnistlab",
        usage="%(prog)s [-h] COMMAND ...",
        description="Design, train and test small CNNs on MNIST.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = Commands(parser)
    for group in GROUPS:
        group.add_commands(commands)
    parser.epilog = (
        f"{commands.overview()}\n\nOptions of a command: python -m mnistlab COMMAND --help"
    )
    return parser
