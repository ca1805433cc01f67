"""Data: download MNIST."""

import argparse

from mnistlab.home import default_home
from mnistlab.terminal.parser import Commands
from mnistlab.terminal.watch import Bar

GROUP = "Data"


def add_commands(commands: Commands) -> None:
    commands.add(GROUP, "data", data, "download MNIST if it is missing")


def data(options: argparse.Namespace) -> None:
    from mnistlab.data.download import download_data

    bar = Bar()
    download_data(default_home().data, bar.show)
    bar.end()
    print(f"MNIST is in {default_home().data}")
