"""The whole command line: all groups of commands, in the order of `--help`."""

import argparse
import platform
from importlib import metadata

from mnistlab.terminal import (
    app_commands,
    data_commands,
    experiment_commands,
    handwriting_commands,
    network_commands,
    run_commands,
    training_commands,
)
from mnistlab.terminal.parser import Commands, Parser

VERSION = "1.0.0"
GROUPS = (
    app_commands,
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
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description="Design, train and test small CNNs on MNIST.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=_versions())
    commands = Commands(parser)
    for group in GROUPS:
        group.add_commands(commands)
    parser.epilog = (
        f"{commands.overview()}\n\nOptions of a command: python -m mnistlab COMMAND --help"
    )
    return parser


def _versions() -> str:
    """The versions that a question or a bug report needs."""
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "streamlit"))
    return f"mnistlab {VERSION} (Python {platform.python_version()}, {packages})"
