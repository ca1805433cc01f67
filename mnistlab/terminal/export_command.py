"""`export`: a run, a pretrained network or the table of all runs as a file."""

import argparse
import sys
from pathlib import Path

from mnistlab import zoo
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.store.exchange.archive import export_run
from mnistlab.store.exchange.export import epochs_csv, table_csv, write_tensorboard
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.takehome.formats import FORMATS
from mnistlab.takehome.trained_network import load_trained
from mnistlab.terminal.output_file import check_new, write_new
from mnistlab.terminal.parser import Commands, get_run, positive_int
from mnistlab.training.record import read_record, record_to_json

OF_A_RUN = {
    "csv": "the run's epochs as CSV",
    "record": "its record as JSON, no weights",
    "tensorboard": "TensorBoard event files",
}


def add_command(commands: Commands, group: str) -> None:
    command = commands.add(
        group, "export", export, "export a run or a pretrained network, or all runs as CSV"
    )
    names = ", ".join(path.stem for path in zoo.checkpoints())
    command.add_argument(
        "source",
        type=_run_or_pretrained,
        nargs="?",
        metavar="RUN",
        help=f"number of the run, or a pretrained network: {names}; default: a table of all runs",
    )
    group_of_one = command.add_mutually_exclusive_group()
    for name, explanation in {
        **OF_A_RUN,
        **{name: one.help for name, one in FORMATS.items()},
    }.items():
        group_of_one.add_argument(
            f"--{name}", action="store_const", dest="format", const=name, help=explanation
        )
    command.add_argument(
        "--out",
        dest="out_path",
        type=Path,
        metavar="PATH",
        help="the file, or TensorBoard's folder",
    )


def _run_or_pretrained(text: str) -> int | str:
    """A run's number or a pretrained network's name. Raises ArgumentTypeError otherwise."""
    if zoo.checkpoint(text):
        return text
    try:
        return positive_int(text)
    except argparse.ArgumentTypeError:
        names = ", ".join(path.stem for path in zoo.checkpoints())
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a run's number nor a pretrained network ({names})"
        ) from None


def export(options: argparse.Namespace) -> None:
    store = Store.of(default_home())
    if options.source is None:
        if options.format not in (None, "csv"):
            pretrained = " or a pretrained network's name" if options.format in FORMATS else ""
            raise LabError(f"--{options.format} exports one. Add a run's number{pretrained}.")
        rows = table(store, Query(descending=False, size=sys.maxsize)).rows
        _write(options.out_path or Path("runs.csv"), table_csv(rows).encode())
    elif options.format in FORMATS:
        _export_network(store, options, options.format)
    elif isinstance(options.source, str):
        raise LabError(
            f"{options.source} is a pretrained network, not a run. Add "
            f"{', '.join(f'--{name}' for name in FORMATS)}."
        )
    else:
        _export_run(store, options.source, options)


def _export_network(store: Store, options: argparse.Namespace, file_format: str) -> None:
    """The best checkpoint of a run, or a pretrained one, as a file that needs no mnistlab."""
    one = FORMATS[file_format]
    if isinstance(options.source, str):
        name = stem = options.source
        checkpoint = zoo.FOLDER / f"{name}.safetensors"
    else:
        run = get_run(store, options.source)
        checkpoint, name, stem = store.best_checkpoint_path(run.id), run.name, f"run{run.id}"
    path = options.out_path or Path(one.file_name(stem))
    check_new(path)
    _write(path, one.write(load_trained(checkpoint, name)))


def _export_run(store: Store, run_id: int, options: argparse.Namespace) -> None:
    run = get_run(store, run_id)
    if options.format == "tensorboard":
        print(write_tensorboard(run, options.out_path or Path("tensorboard")))
    elif options.format == "record":
        record = read_record(store.best_checkpoint_path(run.id))
        _write(options.out_path or Path(f"run{run.id}.json"), record_to_json(record).encode())
    elif options.format == "csv":
        _write(options.out_path or Path(f"run{run.id}-epochs.csv"), epochs_csv(run).encode())
    else:
        _write(options.out_path or Path(f"run{run.id}.zip"), export_run(store, run.id))


def _write(path: Path, content: bytes) -> None:
    write_new(path, content)
    print(path)
