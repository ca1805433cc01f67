"""Data: download MNIST."""

import argparse

from mnistlab.home import default_home
from mnistlab.terminal.parser import Commands
from mnistlab.terminal.watch import Bar

GROUP = "Data"


def add_commands(commands: Commands) -> None:
    commands.add(GROUP, "data", data, "download MNIST if it is missing")


def data(options: argparse.Namespace) -> None:
    from mnistlab.data.download import DataError
    from mnistlab.worker.mnist_download import download_once

    bar, home = Bar(), default_home()
    try:
        download_once(home, bar.show)
    except DataError as error:
        raise DataError(f"{error} The data folder is {home.data}.") from None
    bar.end()
    print(f"MNIST is in {home.data}")
