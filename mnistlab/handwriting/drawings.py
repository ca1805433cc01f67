"""Labeled drawings as values and as a JSON file, plain or gzipped.

The file is a list of `{"label": 0–9, "writer": name, "strokes": [[[x, y], …], …]}`, y downwards, in
any unit; the writer may be missing. Files are untrusted: their size is limited, and a whole file is
validated before any of it is saved.
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
from mnistlab.text import one_line
from mnistlab.uploads import HANDWRITING, megabytes

MAX_DRAWINGS = 20_000
MAX_POINTS = 5_000
"""Per drawing: half a minute of drawing; more would be slow to rasterize."""
MAX_TOTAL_POINTS = 1_000_000
"""Per file; a digit drawn on the page has about a hundred."""
MAX_COORDINATE = 1e9
GZIP = 16 + zlib.MAX_WBITS
"""The window bits that make zlib expect a gzip header and checksum."""

Strokes = tuple[tuple[tuple[float, float], ...], ...]
"""Points (x, y) in the order of drawing, stroke by stroke; every stroke has a point."""


class HandwritingError(LabError):
    """A file or a drawing that is invalid."""


@dataclass(frozen=True)
class LabeledDrawing:
    """A drawing with its label (0–9) and writer ("" for unknown), as `validate` returns it."""

    label: int
    writer: str
    strokes: Strokes

    @property
    def stroke_hash(self) -> str:
        return stroke_hash(self.strokes)


def stroke_hash(strokes: Sequence[Stroke]) -> str:
    """Identifies a drawing by its strokes."""
    text = strokes_json([stroke for stroke in strokes if len(stroke)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def validate(label: object, writer: object, strokes: object) -> LabeledDrawing:
    """Validate untrusted values; empty strokes are dropped. Raises HandwritingError."""
    if type(label) is not int or not 0 <= label <= 9:
        raise HandwritingError(f"its label is {_short(label)}, not a digit from 0 to 9")
    if not isinstance(writer, str | None):
        raise HandwritingError(f"its writer is {_short(writer)}, not a name")
    if not isinstance(strokes, list | tuple):
        raise HandwritingError("its strokes are not a list")
    if sum(len(stroke) for stroke in strokes if isinstance(stroke, list | tuple)) > MAX_POINTS:
        raise HandwritingError(f"it has more than {MAX_POINTS:,} points")
    nonempty = tuple(points for stroke in strokes if (points := _points(stroke)))
    if not nonempty:
        raise HandwritingError("it has no point")
    return LabeledDrawing(label, writer_name(writer or ""), nonempty)


def _points(stroke: object) -> tuple[tuple[float, float], ...]:
    """A stroke's points. There may be a million, so each check covers a whole stroke at once."""
    if not isinstance(stroke, list | tuple):
        raise HandwritingError(f"a stroke is {_short(stroke)}, not a list of points")
    if not all(issubclass(kind, list | tuple) for kind in set(map(type, stroke))):
        raise HandwritingError("a stroke has items that are not points [x, y]")
    if set(map(len, stroke)) - {2}:
        raise HandwritingError("a point is not [x, y]")
    if set(map(type, chain.from_iterable(stroke))) - {int, float}:
        raise HandwritingError("a coordinate is not a number")
    if not all(map(MAX_COORDINATE.__gt__, map(abs, chain.from_iterable(stroke)))):
        raise HandwritingError(f"a coordinate is not a number below {MAX_COORDINATE:,.0f}")
    return tuple(map(tuple, stroke))


def writer_name(text: str) -> str:
    """A name in one line of printable characters."""
    return one_line("".join(c if c.isprintable() else " " for c in text))


def strokes_json(strokes: Sequence[Stroke]) -> str:
    return json.dumps(strokes, separators=(",", ":"))


def to_json(drawings: Iterable[LabeledDrawing]) -> str:
    """Drawings as the text of a file, one drawing per line."""
    lines = (
        f'{{"label": {one.label}, "writer": {json.dumps(one.writer, ensure_ascii=False)}, '
        f'"strokes": {strokes_json(one.strokes)}}}'
        for one in drawings
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"


def from_json(content: bytes) -> list[LabeledDrawing]:
    """Read a file's drawings. Raises HandwritingError that names the invalid drawing."""
    try:
        with _without_garbage_collection():
            entries = _parse(_decompress(content))
            if not isinstance(entries, list) or not entries:
                raise HandwritingError("it is not a list of drawings")
            if len(entries) > MAX_DRAWINGS:
                raise HandwritingError(
                    f"it has more than {MAX_DRAWINGS:,} drawings; export one writer at a time"
                )
            return [_entry(number, entry) for number, entry in enumerate(entries, 1)]
    except HandwritingError as error:
        raise HandwritingError(
            f"Import failed: {error}. Choose a file exported by the Handwriting page."
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


def _decompress(content: bytes) -> bytes:
    """The file's text, decompressed up to the size limit."""
    if content[:2] == b"\x1f\x8b":
        # Not the gzip module: half a million empty members would take it long.
        decompressor = zlib.decompressobj(GZIP)
        try:
            content = decompressor.decompress(content, HANDWRITING + 1)
        except zlib.error:
            content = b""
        if not decompressor.eof and len(content) <= HANDWRITING:
            raise HandwritingError("it is a damaged gzip file")
    if len(content) > HANDWRITING:
        raise HandwritingError(
            f"it is larger than {megabytes(HANDWRITING)} MB; export one writer at a time"
        )
    return content


def _parse(content: bytes) -> Any:
    # Counting is fast; the parser would create a list per bracket and an entry per colon.
    for character, limit in ((b"[", 1.2), (b",", 2.4), (b":", 0.2)):
        if content.count(character) > limit * MAX_TOTAL_POINTS:
            raise HandwritingError(
                f"it has more than {MAX_DRAWINGS:,} drawings or {MAX_TOTAL_POINTS:,} points; "
                "export one writer at a time"
            )
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_reject_constant)
    except RecursionError:
        raise HandwritingError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise HandwritingError("it is not text") from None
    except ValueError as error:
        # json's message has positions, and no text of the file.
        raise HandwritingError(f"it is not JSON ({error})") from None


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Turn the garbage collector off: it would scan a million new lists repeatedly, which takes
    three times as long as creating them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _reject_constant(name: str) -> NoReturn:
    raise HandwritingError(f"it has {name}, which is not a number")


TYPE_NAMES: dict[type, str] = {list: "a list", tuple: "a list", dict: "an object", str: "a text"}


def _short(value: object) -> str:
    """An untrusted value in a message; not its text, which pages would render as Markdown."""
    return TYPE_NAMES.get(type(value)) or str(value)[:80]
