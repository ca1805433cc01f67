"""The command about the drawings that were kept: counted, carried from lab to lab, scored."""

import argparse
from functools import partial
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.store import Store
from mnistlab.sketch import collection
from mnistlab.sketch.handwriting import Drawn, from_json, to_json
from mnistlab.sketch.scoring import answers, made, scores
from mnistlab.uploads import HANDWRITING, megabytes

NOBODY = "(no name)"


def handwriting(options: argparse.Namespace) -> None:
    store = Store(home().runs)
    if options.take_in:
        _take_in(store, options.take_in)
    elif options.export:
        _export(store, options.export, options.writer)
    elif options.score:
        _score(store, options.score, options.writer)
    else:
        _count(store)


def _take_in(store: Store, path: Path) -> None:
    if path.stat().st_size > HANDWRITING:
        raise LabError(
            f"{path} is larger than {megabytes(HANDWRITING)} MB; nothing was taken from it."
        )
    drawings = from_json(path.read_bytes())
    new = collection.keep_all(store, drawings)
    print(f"{path}: {new:,} drawings, {len(drawings) - new:,} were here already")


def _export(store: Store, path: Path, writer: str | None) -> None:
    if path.exists():
        raise LabError(f"{path} is there already; give another name.")
    drawings = _found(store, writer)
    path.write_text(to_json(drawings), "utf-8")
    print(f"{path}: {len(drawings):,} drawings")


def _score(store: Store, checkpoint: Path, writer: str | None) -> None:
    from mnistlab.sketch.many import read_many
    from mnistlab.sketch.predict import Reader

    digits = {drawn.mark: made(drawn) for drawn in _found(store, writer)}
    given = answers(partial(read_many, Reader(checkpoint)), [*digits.values()])
    read = dict(zip(digits, given, strict=True))
    found = scores(collection.listed(store), read)
    print(f"read by {checkpoint.stem}")
    for name, score in found.by_writer.items():
        print(f"  {name or NOBODY:<20} {score}")
    print(f"  {'all':<20} {found.total}")
    for one in found.misread:
        wrong = read[one.mark]
        print(f"  #{one.id}: {one.label} read as {wrong.digit}, by {one.writer or NOBODY}")


def _count(store: Store) -> None:
    people = collection.counts(store)
    if not people:
        print(NONE_YET)
    for writer, labels in people.items():
        each = "  ".join(f"{label}: {count}" for label, count in sorted(labels.items()))
        print(f"{writer or NOBODY:<20} {labels.total():>5}   {each}")


def _found(store: Store, writer: str | None) -> list[Drawn]:
    """The drawings, or one writer's. Raises LabError if there are none."""
    if drawings := collection.export(store, writer):
        return drawings
    raise LabError(NONE_YET if writer is None else f"No drawing by {writer!r} was kept.")


NONE_YET = "No drawing was kept yet; draw a digit in the app and click its label."
