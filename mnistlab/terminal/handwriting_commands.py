"""The handwriting test set: count, import, export and score labeled drawings."""

import argparse
from collections import Counter
from functools import partial
from pathlib import Path

from mnistlab import zoo
from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import LabeledDrawing, from_json, to_json, validate
from mnistlab.handwriting.form.layout import Paper
from mnistlab.handwriting.scoring import predict_drawings, prepare, scores
from mnistlab.home import default_home
from mnistlab.store.store import Store
from mnistlab.terminal.data_commands import GROUP
from mnistlab.terminal.output_file import check_new, write_new
from mnistlab.terminal.parser import Commands
from mnistlab.uploads import HANDWRITING, PICTURE, megabytes

NO_DRAWINGS = "No drawings yet. Draw a digit in the app and click its label."


def add_commands(commands: Commands) -> None:
    command = commands.add(
        GROUP, "handwriting", handwriting, "count, import, export or score labeled drawings"
    )
    action = command.add_mutually_exclusive_group()
    action.add_argument(
        "--export", dest="export_path", type=Path, metavar="FILE", help="write them as JSON"
    )
    action.add_argument(
        "--import", dest="import_path", type=Path, metavar="FILE", help="add an exported JSON file"
    )
    action.add_argument(
        "--form", dest="photo_path", type=Path, metavar="PHOTO", help="add those of a filled form"
    )
    action.add_argument(
        "--score",
        dest="checkpoint_path",
        type=Path,
        nargs="?",
        const=zoo.default_checkpoint(),
        metavar="CHECKPOINT",
        help=f"score a checkpoint on them; default: the pretrained {zoo.DEFAULT}",
    )
    command.add_argument(
        "--writer",
        metavar="NAME",
        help="export or score this writer's alone, or who filled in the form",
    )

    command = commands.add(GROUP, "form", form, "write the form to print as a PDF")
    command.add_argument("path", type=Path, metavar="OUT", help="a new .pdf file")
    command.add_argument(
        "--paper", type=_paper, default=Paper.A4, metavar="a4|letter", help="default: a4"
    )


def handwriting(options: argparse.Namespace) -> None:
    store = Store.of(default_home())
    if options.import_path:
        _import(store, options.import_path)
    elif options.photo_path:
        _add_form(store, options.photo_path, options.writer)
    elif options.export_path:
        _export(store, options.export_path, options.writer)
    elif options.checkpoint_path:
        _score(store, options.checkpoint_path, options.writer)
    else:
        _count(store)


def _import(store: Store, path: Path) -> None:
    if path.stat().st_size > HANDWRITING:
        raise LabError(
            f"Import failed: {path} is larger than {megabytes(HANDWRITING)} MB. "
            "Choose a file exported by mnistlab."
        )
    drawings = from_json(path.read_bytes())
    n_new = collection.save_all(store, drawings)
    n_duplicates = len(drawings) - n_new
    print(f"{path}: imported {n_new:,} drawings, skipped {n_duplicates:,} duplicates")


def form(options: argparse.Namespace) -> None:
    from mnistlab.handwriting.form.printed import pdf

    write_new(options.path, pdf(options.paper))
    print(f"{options.path}: the form for {options.paper} paper; print it at any scale")


def _paper(text: str) -> Paper:
    """The paper of a name, in any case."""
    found = next((paper for paper in Paper if paper.lower() == text.lower()), None)
    if found is None:
        names = " or ".join(paper.lower() for paper in Paper)
        raise argparse.ArgumentTypeError(f"{text!r} is not {names}")
    return found


def _add_form(store: Store, path: Path, writer: str | None) -> None:
    """Save all digits in the photo of a form."""
    from mnistlab.handwriting.form.form_photo import read_form

    if path.stat().st_size > PICTURE:
        raise LabError(f"{path} is larger than {megabytes(PICTURE)} MB. Choose a smaller photo.")
    photo = read_form(path.read_bytes())
    drawings = [validate(box.label, writer, box.strokes) for box in photo.boxes if box.strokes]
    n_new = collection.save_all(store, drawings)
    left_out = Counter(str(box.state) for box in photo.boxes if not box.strokes)
    about = "".join(f", {count} {state}" for state, count in sorted(left_out.items()))
    print(f"{path}: saved {n_new:,} drawings{about}")


def _export(store: Store, path: Path, writer: str | None) -> None:
    check_new(path)
    drawings = _load_drawings(store, writer)
    write_new(path, to_json(drawings).encode())
    print(f"{path}: {len(drawings):,} drawings")


def _score(store: Store, checkpoint_path: Path, writer: str | None) -> None:
    from mnistlab.drawing.classifier import Classifier, predict_batch

    drawings = _load_drawings(store, writer)
    digits = {drawing.stroke_hash: prepare(drawing) for drawing in drawings}
    predict = partial(predict_batch, Classifier(checkpoint_path))
    predictions = dict(zip(digits, predict_drawings(predict, [*digits.values()]), strict=True))
    result = scores(collection.listed(store), predictions)
    print(f"checkpoint {checkpoint_path.stem}")
    for name, score in result.by_writer.items():
        print(f"  {name or collection.NO_NAME:<20} {score}")
    print(f"  {'all':<20} {result.total}")
    for drawing in result.misclassified:
        digit = predictions[drawing.stroke_hash].digit
        writer_name = drawing.writer or collection.NO_NAME
        print(f"  #{drawing.id}: {drawing.label} predicted as {digit} ({writer_name})")


def _count(store: Store) -> None:
    writers = collection.counts(store)
    if not writers:
        print(NO_DRAWINGS)
    for writer, labels in writers.items():
        per_label = "  ".join(f"{label}: {count}" for label, count in sorted(labels.items()))
        print(f"{writer or collection.NO_NAME:<20} {labels.total():>5}   {per_label}")


def _load_drawings(store: Store, writer: str | None) -> list[LabeledDrawing]:
    """All drawings, or one writer's. Raises LabError if there are none."""
    if drawings := collection.export(store, writer):
        return drawings
    raise LabError(NO_DRAWINGS if writer is None else f"No drawings by {writer!r}.")
