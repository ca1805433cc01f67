"""A file of labeled drawings: what goes out comes back, whatever else comes in is a sentence."""

import gzip
import json
import math
from typing import Any

import pytest

from mnistlab.handwriting.drawings import (
    MAX_DRAWINGS,
    MAX_POINTS,
    MAX_TOTAL_POINTS,
    HandwritingError,
    LabeledDrawing,
    from_json,
    to_json,
    validate,
)
from mnistlab.uploads import HANDWRITING
from tests.drawn_digits import DIGITS

ONE = {"label": 1, "writer": "Ada", "strokes": [[[0, 0.5], [3, 90]]]}


def file(**changes: Any) -> bytes:
    """A good drawing, and one with something changed."""
    return json.dumps([ONE, ONE | changes]).encode()


@pytest.mark.parametrize("packed", [False, True])
def test_written_drawings_are_read_unchanged(packed: bool) -> None:
    drawings = [validate(digit, f"Zoë “{digit}”\\", strokes) for digit, strokes in DIGITS.items()]
    content = to_json(drawings).encode()
    assert from_json(gzip.compress(content, mtime=0) if packed else content) == drawings
    assert from_json(b"\xef\xbb\xbf" + content) == drawings, "with the mark that Windows puts there"
    plain = json.loads(content)
    assert plain[3]["label"] == 3 and plain[3]["strokes"][0][0] == list(DIGITS[3][0][0])


def test_a_drawing_is_its_strokes_without_empty_ones_and_its_writer_may_be_missing() -> None:
    (read,) = from_json(b'[{"label": 7, "strokes": [[], [[1, 2], [3, 4.5]], []], "more": {}}]')
    assert read == LabeledDrawing(7, "", (((1, 2), (3, 4.5)),))
    again = validate(1, " somebody\n\x00 else\ud800", read.strokes)
    assert again.writer == "somebody else" and again.stroke_hash == read.stroke_hash
    assert validate(7, "", [[[1, 2], [3, 4.25]]]).stroke_hash != read.stroke_hash
    assert len(validate(7, "a" * 500, read.strokes).writer) < 100


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"label": 10}, "label"),
        ({"label": -1}, "label"),
        ({"label": True}, "label"),
        ({"label": 3.0}, "label"),
        ({"label": "3"}, "label"),
        ({"label": 10**4000}, "label"),
        ({"writer": 3}, "writer"),
        ({"writer": ["a"]}, "writer"),
        ({"strokes": {}}, "strokes"),
        ({"strokes": "[[[1, 2]]]"}, "strokes"),
        ({"strokes": []}, "no point"),
        ({"strokes": [[], []]}, "no point"),
        ({"strokes": [3]}, "stroke"),
        ({"strokes": ["ab"]}, "stroke"),
        ({"strokes": [[1, 2]]}, "points"),
        ({"strokes": [["ab"]]}, "points"),
        ({"strokes": [[{"x": 1, "y": 2}]]}, "points"),
        ({"strokes": [[[1]]]}, r"\[x, y\]"),
        ({"strokes": [[[1, 2, 3]]]}, r"\[x, y\]"),
        ({"strokes": [[[1, None]]]}, "coordinate"),
        ({"strokes": [[[1, True]]]}, "coordinate"),
        ({"strokes": [[[1, "2"]]]}, "coordinate"),
        ({"strokes": [[[1, 1e9]]]}, "coordinate"),
        ({"strokes": [[[1, -(10**400)]]]}, "coordinate"),
        ({"strokes": [[[1, [2]]]]}, "coordinate"),
        ({"strokes": [[[1, 2]] * (MAX_POINTS + 1)]}, "points"),
        ({"strokes": [[[1, 2]]] * (MAX_POINTS + 1)}, "points"),
    ],
)
def test_an_invalid_drawing_is_named_with_the_reason(change: dict[str, Any], part: str) -> None:
    with pytest.raises(HandwritingError, match=f"drawing 2: .*{part}") as refused:
        from_json(file(**change))
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("missing", ["label", "strokes"])
def test_a_missing_field_is_named(missing: str) -> None:
    entry = {name: value for name, value in ONE.items() if name != missing}
    with pytest.raises(HandwritingError, match=f"drawing 1: .*{missing}"):
        from_json(json.dumps([entry]).encode())


NESTED = b"[" * 500_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b"null",
        b"no JSON at all",
        b"[1]",
        b"[[]]",
        b'["<b>"]',
        to_json([]).encode(),
        to_json([validate(1, "", [[[1, 2]]])]).encode()[:-5],
        file().replace(b"90", b"NaN"),
        file().replace(b"90", b"-Infinity"),
        file().replace(b"90", b"1e999"),
        file().replace(b"90", b"9" * 10_000),
        NESTED,
        NESTED + b"]" * len(NESTED),
        file().replace(b"90", b"[" * 900 + b"]" * 900),
        b'{"a":' * 100_000,
        b"\xff\xfe\x00",
        json.dumps([ONE]).encode("utf-16"),
        b"\x1f\x8bno",
        b"\x1f\x8b",
        gzip.compress(file(), mtime=0)[:-9],
        gzip.compress(b"", mtime=0),
        b"PK\x03\x04 a zip",
        b'"' + b"\\ud800" * 1000 + b'"',
    ],
    ids=lambda content: repr(content[:24]),
)
def test_another_file_is_a_short_error(content: bytes) -> None:
    with pytest.raises(HandwritingError) as refused:
        from_json(content)
    add_finished_run = str(refused.value)
    assert (
        len(add_finished_run) < 400
        and add_finished_run.isprintable()
        and "<b>" not in add_finished_run
    )


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b" " * (4 * HANDWRITING), mtime=0),
        b" " * (HANDWRITING + 1),
        json.dumps([ONE] * (MAX_DRAWINGS + 1)).encode(),
        b"[" + b"[1,2]," * MAX_TOTAL_POINTS + b"[" * MAX_TOTAL_POINTS,
        b"[" + b"1," * (3 * MAX_TOTAL_POINTS) + b"1]",
        b"[{" + b",".join(b'"%d":1' % n for n in range(MAX_TOTAL_POINTS)) + b"}]",
    ],
    ids=["bomb", "long", "many", "lists", "numbers", "fields"],
)
def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(content: bytes) -> None:
    with pytest.raises(HandwritingError, match=r"more|larger"):
        from_json(content)


def test_a_million_empty_gzip_members_are_not_read() -> None:
    assert from_json(gzip.compress(file(), mtime=0) + gzip.compress(b"") * 300_000)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_drawing_from_the_page_has_the_same_limits(wrong: float) -> None:
    with pytest.raises(HandwritingError, match="coordinate"):
        validate(3, "Ada", [[[1.0, 2.0], [wrong, 4.0]]])
