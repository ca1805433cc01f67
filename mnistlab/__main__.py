"""The lab from a terminal: `python -m mnistlab --help`."""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import NoReturn

from mnistlab import zoo
from mnistlab.arch.ledger import describe, ledger
from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.jobs import submit, tend
from mnistlab.runs.state import State
from mnistlab.runs.store import Store
from mnistlab.training.epoch import best
from mnistlab.training.recipe import ENUMS, Recipe, choice, suggested
from mnistlab.training.score import percent

NETWORK_HELP = f"a preset ({', '.join(p.name for p in PRESETS)}) or a network's text"
POLL_SECONDS = 0.25


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it went well, 2 with a line on standard error if not."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options) or 0)
    except (LabError, OSError) as error:
        print(f"mnistlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise LabError(f"{message} (try {self.prog} --help)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m mnistlab", description="How small can a network read digits?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    data = commands.add_parser("data", help="fetch MNIST, unless it is there already")
    data.set_defaults(run=_data)

    show = commands.add_parser("ledger", help="a network's layers, parameters and cost")
    show.add_argument("network", help=NETWORK_HELP)
    show.set_defaults(run=lambda options: print(describe(ledger(resolve(options.network)))))

    train = commands.add_parser("train", help="train a network in the background and watch it")
    train.add_argument("network", help=NETWORK_HELP)
    train.add_argument("--name", default="", help="what to call the run")
    for field in fields(Recipe):
        values = f"one of {', '.join(ENUMS[field.name])}" if field.name in ENUMS else "a number"
        train.add_argument(f"--{field.name.replace('_', '-')}", metavar="VALUE", help=values)
    train.set_defaults(run=_train)

    runs = commands.add_parser("runs", help="the newest runs")
    runs.set_defaults(run=_runs)

    predict = commands.add_parser("predict", help="read the digit in a picture")
    predict.add_argument("image", type=Path)
    predict.add_argument("--checkpoint", type=Path, help="a checkpoint; default: the shipped one")
    predict.set_defaults(run=_predict)
    return parser


def _data(options: argparse.Namespace) -> None:
    from mnistlab.data.files import ensure

    bar = _Bar()
    ensure(home().data, bar.show)
    bar.end()
    print(f"MNIST is in {home().data}")


def _train(options: argparse.Namespace) -> int:
    spec = resolve(options.network)
    run_id = submit(
        home(), options.name or options.network, spec, _recipe(options, suggested(spec))
    )
    store = Store(home().runs)
    with _first_interrupt() as interrupted:
        state = _watch(store, run_id, interrupted)
    kept = store.best_checkpoint(run_id)
    if kept.is_file():
        print(f"run {run_id}: {state}; {kept}")
    return 0 if state in (State.DONE, State.STOPPED) else 2


def _recipe(options: argparse.Namespace, start: Recipe) -> Recipe:
    """The suggested recipe with what was given on the command line put in."""
    given: dict[str, object] = {}
    for field in fields(Recipe):
        text = getattr(options, field.name)
        if text is None:
            continue
        if field.name in ENUMS:
            given[field.name] = choice(field.name, text, ENUMS[field.name])
        else:
            given[field.name] = _number(text, whole=field.type is not float)
    return replace(start, **given)  # type: ignore[arg-type]


def _number(text: str, whole: bool) -> object:
    """A number, or the text itself: the recipe then refuses it and names its field."""
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _watch(store: Store, run_id: int, interrupted: Callable[[], bool]) -> State:
    """Print a run's epochs as they come, with a bar between them, until it ends.

    Once `interrupted` says so the run is asked to stop, and watched to its end.
    """
    bar, shown = _Bar(), 0
    while True:
        run = store.run(run_id)
        assert run is not None
        for epoch in run.epochs[shown:]:
            bar.end()
            print(
                f"epoch {epoch.number:>3}  train {percent(epoch.train_accuracy)}  validation "
                f"{percent(epoch.validation_accuracy)} ({epoch.validation_errors} errors)  "
                f"{epoch.seconds:.1f} s  {epoch.images_per_second:,.0f} images/s",
                flush=True,
            )
        shown = len(run.epochs)
        if not run.state.active:
            break
        if progress := run.progress:
            share = progress.done / progress.total
            bar.show(f"epoch {progress.epoch} of {run.recipe.epochs}", share)
        else:
            bar.show(run.message or run.state, 0.0)
        if interrupted() and not run.stop_requested:
            store.request_stop(run_id)
        tend(home())
        time.sleep(POLL_SECONDS)
    bar.end()
    if top := best(run.epochs):
        print(f"best epoch {top.number}, validation: {top.validation}")
    if run.test:
        print(f"test images, read once: {run.test}")
    if run.message:
        print(run.message, file=sys.stderr)
    return run.state


@contextmanager
def _first_interrupt() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the first one is noted, the second one raises as ever."""
    pressed = threading.Event()

    def note(number: int, frame: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _runs(options: argparse.Namespace) -> None:
    tend(home())
    runs = Store(home().runs).runs()
    for run in runs:
        top = best(run.epochs)
        errors = f"{top.validation_errors} errors" if top else ""
        figure = f"{percent(top.validation_accuracy)}, {errors}, epoch {top.number}" if top else "–"
        print(f"{run.id:>4}  {run.state:<11}  {figure:<30}  {run.name}  [{run.spec}]")
    if not runs:
        print("No runs yet; start one with `python -m mnistlab train target-4`.")


def _predict(options: argparse.Namespace) -> None:
    from mnistlab.sketch.digit import digit_from_file
    from mnistlab.sketch.predict import Reader

    digit = digit_from_file(options.image.read_bytes())
    path = options.checkpoint or zoo.checkpoints()[0]
    reading = Reader(path).read(digit)
    sure = percent(reading.probabilities[reading.digit], 1)
    print(f"{reading.digit}  ({sure}, read by {path.stem})")
    for number, probability in enumerate(reading.probabilities):
        print(f"   {number} {probability:7.2%} {'█' * round(probability * 40)}")


class _Bar:
    """A line on a terminal's standard error that says how far something is; silent elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._drawn = False

    def show(self, message: str, share: float) -> None:
        if self._live:
            bar = "█" * round(share * 30)
            print(f"\r\x1b[K{message:<32} {bar:<30} {share:4.0%}", end="", file=sys.stderr)
            self._drawn = True

    def end(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr)
            self._drawn = False


if __name__ == "__main__":
    sys.exit(main())
