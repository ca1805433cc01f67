"""The command about the drawings that were kept: counted, carried from lab to lab, scored."""

import argparse
from functools import partial
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import LabeledDrawing, from_json, to_json
from mnistlab.handwriting.scoring import predict_drawings, prepare, scores
from mnistlab.home import home
from mnistlab.store.store import Store
from mnistlab.uploads import HANDWRITING, megabytes

NOBODY = "(no name)"


def handwriting(options: argparse.Namespace) -> None:
    store = Store(home().runs)
    if options.take_in:
        _import(store, options.take_in)
    elif options.export:
        _export(store, options.export, options.writer)
    elif options.score:
        _score(store, options.score, options.writer)
    else:
        _count(store)


def _import(store: Store, path: Path) -> None:
    if path.stat().st_size > HANDWRITING:
        raise LabError(
            f"{path} is larger than {megabytes(HANDWRITING)} MB; nothing was taken from it."
        )
    drawings = from_json(path.read_bytes())
    new = collection.save_all(store, drawings)
    print(f"{path}: {new:,} drawings, {len(drawings) - new:,} were here already")


def _export(store: Store, path: Path, writer: str | None) -> None:
    if path.exists():
        raise LabError(f"{path} is there already; give another name.")
    drawings = _found(store, writer)
    path.write_text(to_json(drawings), "utf-8")
    print(f"{path}: {len(drawings):,} drawings")


def _score(store: Store, checkpoint: Path, writer: str | None) -> None:
    from mnistlab.drawing.classifier import Classifier, predict_batch

    digits = {drawn.stroke_hash: prepare(drawn) for drawn in _found(store, writer)}
    given = predict_drawings(partial(predict_batch, Classifier(checkpoint)), [*digits.values()])
    read = dict(zip(digits, given, strict=True))
    found = scores(collection.listed(store), read)
    print(f"read by {checkpoint.stem}")
    for name, score in found.by_writer.items():
        print(f"  {name or NOBODY:<20} {score}")
    print(f"  {'all':<20} {found.total}")
    for one in found.misclassified:
        wrong = read[one.stroke_hash]
        print(f"  #{one.id}: {one.label} read as {wrong.digit}, by {one.writer or NOBODY}")


def _count(store: Store) -> None:
    people = collection.counts(store)
    if not people:
        print(NONE_YET)
    for writer, labels in people.items():
        each = "  ".join(f"{label}: {count}" for label, count in sorted(labels.items()))
        print(f"{writer or NOBODY:<20} {labels.total():>5}   {each}")


def _found(store: Store, writer: str | None) -> list[LabeledDrawing]:
    """The drawings, or one writer's. Raises LabError if there are none."""
    if drawings := collection.export(store, writer):
        return drawings
    raise LabError(NONE_YET if writer is None else f"No drawing by {writer!r} was kept.")


NONE_YET = "No drawing was kept yet; draw a digit in the app and click its label."
