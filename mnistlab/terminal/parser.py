"""What all commands share: the parser, groups of commands, common arguments, runs by number."""

import argparse
import os
from collections.abc import Callable
from typing import NoReturn

from mnistlab.arch.presets import PRESETS
from mnistlab.errors import LabError
from mnistlab.store.run import Run as TrainingRun
from mnistlab.store.store import Store
from mnistlab.worker import cluster_setting

Run = Callable[[argparse.Namespace], int | None]
"""Carries out a command; returns the exit status, None for 0."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are LabErrors: one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise LabError(f"{message} (try {self.prog} --help)")


class Commands:
    """A parser's commands in groups; argparse itself would list them all in one."""

    def __init__(self, parser: Parser) -> None:
        self._subparsers = parser.add_subparsers(
            required=True,
            metavar="COMMAND",
            dest="command",
            help=argparse.SUPPRESS,
            prog=parser.prog,
        )
        self._groups: dict[str, list[str]] = {}

    def add(self, group: str, name: str, run: Run, summary: str) -> Parser:
        """Add a command; `summary` is for `--help`, lower case and without a period."""
        self._groups.setdefault(group, []).append(f"  {name:<12} {summary}")
        description = f"{summary[0].upper()}{summary[1:]}."
        command = self._subparsers.add_parser(name, description=description)
        command.set_defaults(run=run)
        return command

    def overview(self) -> str:
        """Every group with its commands and their summaries."""
        return "\n\n".join("\n".join([f"{g}:", *lines]) for g, lines in self._groups.items())


def positive_int(text: str) -> int:
    """A run's number or a count that SQLite can store. Raises ArgumentTypeError otherwise."""
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def add_network(command: Parser) -> None:
    presets = ", ".join(preset.name for preset in PRESETS)
    command.add_argument(
        "network", metavar="NETWORK", help=f"a network string, or a preset: {presets}"
    )


def add_run(command: Parser) -> None:
    command.add_argument("run_id", type=positive_int, metavar="RUN", help="number of the run")


def get_run(store: Store, run_id: int) -> TrainingRun:
    """A run. Raises LabError if there is none with that number."""
    if run := store.run(run_id):
        return run
    raise LabError(f"Run {run_id} not found. `python -m mnistlab runs` lists all runs.")


def add_owner(command: Parser) -> None:
    command.add_argument("--owner", default="", metavar="NAME", help="who the run belongs to")


class _SetCluster(argparse.Action):
    """Where the workers are started, in this process or another, `$MNISTLAB_RAY` is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        os.environ[cluster_setting.VARIABLE] = str(values)


def add_ray(command: Parser) -> None:
    command.add_argument(
        "--ray",
        action=_SetCluster,
        nargs="?",
        const=cluster_setting.OWN,
        metavar="ADDRESS",
        help="train on the Ray cluster at this address (auto: the one of this machine); without an "
        f"address on a new one of this machine alone; also ${cluster_setting.VARIABLE}",
    )
