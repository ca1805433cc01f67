"""Drawings that a person has labeled, as values and as a file: JSON, plain or gzipped.

The file is a list of `{"label": 0–9, "writer": name, "strokes": [[[x, y], …], …]}`, y downwards, in
any unit; the writer may be missing. Files come from strangers: they are read with bounds, and all
of one is checked before anything of it is kept.
"""

import gc
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from mnistlab.drawing.strokes import Stroke
from mnistlab.errors import LabError
from mnistlab.store.store import one_line
from mnistlab.uploads import HANDWRITING, megabytes

MAX_DRAWINGS = 20_000
MAX_POINTS = 5_000
"""Of a drawing: half a minute with the pen down; more would take long to draw again and again."""
MAX_POINTS_OF_ALL = 1_000_000
"""Of all drawings in a file; a digit drawn on the page has some hundred."""
MAX_COORDINATE = 1e9
GZIP = 16 + zlib.MAX_WBITS
"""What zlib calls gzip's header and checksum."""

Strokes = tuple[tuple[tuple[float, float], ...], ...]
"""Points (x, y) in the order of drawing, stroke by stroke; every stroke has a point."""


class HandwritingError(LabError):
    """A file or a drawing that cannot be kept."""


@dataclass(frozen=True)
class LabeledDrawing:
    """A drawing, the digit that it is (0–9) and whose hand drew it, "" for nobody's; made by
    `checked`.
    """

    label: int
    writer: str
    strokes: Strokes

    @property
    def stroke_hash(self) -> str:
        return stroke_hash(self.strokes)


def stroke_hash(strokes: Sequence[Stroke]) -> str:
    """Stands for strokes: two drawings with the same ones are one drawing."""
    text = strokes_json([stroke for stroke in strokes if len(stroke)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def validate(label: object, writer: object, strokes: object) -> LabeledDrawing:
    """A Drawn of values from anywhere; empty strokes are dropped.

    Raises HandwritingError, saying what is wrong, if it cannot be one.
    """
    if type(label) is not int or not 0 <= label <= 9:
        raise HandwritingError(f"its label is {_short(label)}, not a digit from 0 to 9")
    if not isinstance(writer, str | None):
        raise HandwritingError(f"its writer is {_short(writer)}, not a name")
    if not isinstance(strokes, list | tuple):
        raise HandwritingError("its strokes are not a list")
    if sum(len(stroke) for stroke in strokes if isinstance(stroke, list | tuple)) > MAX_POINTS:
        raise HandwritingError(f"it has more than {MAX_POINTS:,} points")
    kept = tuple(points for stroke in strokes if (points := _points(stroke)))
    if not kept:
        raise HandwritingError("it has no point")
    return LabeledDrawing(label, writer_name(writer or ""), kept)


def _points(stroke: object) -> tuple[tuple[float, float], ...]:
    """A stroke's points. A file may have a million, so whole strokes are looked at in one go."""
    if not isinstance(stroke, list | tuple):
        raise HandwritingError(f"a stroke is {_short(stroke)}, not a list of points")
    if not all(issubclass(kind, list | tuple) for kind in set(map(type, stroke))):
        raise HandwritingError("a stroke has something else than points [x, y]")
    if set(map(len, stroke)) - {2}:
        raise HandwritingError("a point is not [x, y]")
    if set(map(type, chain.from_iterable(stroke))) - {int, float}:
        raise HandwritingError("a coordinate is not a number")
    if not all(map(MAX_COORDINATE.__gt__, map(abs, chain.from_iterable(stroke)))):
        raise HandwritingError(f"a coordinate is not a number below {MAX_COORDINATE:,.0f}")
    return tuple(map(tuple, stroke))


def writer_name(text: str) -> str:
    """A name as a person typed it, fit for a table's cell: one line of what can be printed."""
    return one_line("".join(c if c.isprintable() else " " for c in text))


def strokes_json(strokes: Sequence[Stroke]) -> str:
    return json.dumps(strokes, separators=(",", ":"))


def to_json(drawings: Iterable[LabeledDrawing]) -> str:
    """Drawings as the text of a file, a drawing a line."""
    lines = (
        f'{{"label": {one.label}, "writer": {json.dumps(one.writer, ensure_ascii=False)}, '
        f'"strokes": {strokes_json(one.strokes)}}}'
        for one in drawings
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"


def from_json(content: bytes) -> list[LabeledDrawing]:
    """Read a file's drawings. Raises HandwritingError, saying which one and why, for any other."""
    try:
        with _uncollected():
            entries = _parsed(_unpacked(content))
            if not isinstance(entries, list) or not entries:
                raise HandwritingError("it is not a list of drawings")
            if len(entries) > MAX_DRAWINGS:
                raise HandwritingError(
                    f"it has more than {MAX_DRAWINGS:,} drawings; export one person at a time"
                )
            return [_entry(number, entry) for number, entry in enumerate(entries, 1)]
    except HandwritingError as error:
        raise HandwritingError(
            f"This file cannot be taken in: {error}. Nothing was changed; choose a file that the "
            "handwriting page has exported."
        ) from None


def _entry(number: int, entry: object) -> LabeledDrawing:
    try:
        if not isinstance(entry, dict):
            raise HandwritingError(f"it is {_short(entry)}, not a label with strokes")
        if missing := {"label", "strokes"} - entry.keys():
            raise HandwritingError(f"it has no {min(missing)}")
        return validate(entry["label"], entry.get("writer"), entry["strokes"])
    except HandwritingError as error:
        raise HandwritingError(f"drawing {number}: {error}") from None


def _unpacked(content: bytes) -> bytes:
    """The file's text, never more of it than may be read."""
    if content[:2] == b"\x1f\x8b":
        # Not the gzip module: it would go through half a million empty members one by one.
        packed = zlib.decompressobj(GZIP)
        try:
            content = packed.decompress(content, HANDWRITING + 1)
        except zlib.error:
            content = b""
        if not packed.eof and len(content) <= HANDWRITING:
            raise HandwritingError("it is a damaged gzip file")
    if len(content) > HANDWRITING:
        raise HandwritingError(
            f"it is larger than {megabytes(HANDWRITING)} MB; export one person at a time"
        )
    return content


def _parsed(content: bytes) -> Any:
    # Counting takes no time; a parser makes a list of each bracket and an entry of each colon.
    for part, most in ((b"[", 1.2), (b",", 2.4), (b":", 0.2)):
        if content.count(part) > most * MAX_POINTS_OF_ALL:
            raise HandwritingError(
                f"it holds more than {MAX_DRAWINGS:,} drawings with {MAX_POINTS_OF_ALL:,} points "
                "in all; export one person at a time"
            )
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        raise HandwritingError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise HandwritingError("it is not text") from None
    except ValueError as error:
        # What json says has places in it, and nothing of the text.
        raise HandwritingError(f"it is not JSON ({error})") from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the garbage collector back: it would look at a million new lists again and again, which
    takes three times as long as making them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _no_number(name: str) -> NoReturn:
    raise HandwritingError(f"it holds {name}, which is not a number")


KINDS: dict[type, str] = {list: "a list", tuple: "a list", dict: "an object", str: "a text"}


def _short(value: object) -> str:
    """A foreign value in a message; texts are not quoted, as pages would read marks in them."""
    return KINDS.get(type(value)) or str(value)[:80]
