"""Hypothesis sends what it likes to whatever reads a stranger's input: the only answer to what
cannot be read is a LabError, which a page shows as a sentence.

The examples are the same each time, and bounded in number and size.
"""

import contextlib
import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as save_tensors

from mnistlab.arch.spec import parse
from mnistlab.drawing.canvas_message import check_canvas, picture_ink
from mnistlab.drawing.digit import DigitError
from mnistlab.drawing.strokes import strokes_from_canvas
from mnistlab.errors import LabError
from mnistlab.handwriting.drawings import HandwritingError, from_json
from mnistlab.recipe.recipe import Recipe, recipe_from_json
from mnistlab.store.exchange.archive import ArchiveError, import_run
from mnistlab.store.store import Store
from mnistlab.store.table import Query, scatter_points, table
from mnistlab.store.worker_slots import busy_slots
from mnistlab.training.tensor_file import packed, unpacked
from mnistlab.ui import guard
from mnistlab.ui.common import run_picker
from mnistlab.ui.draw.canvas import Drawing
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import run
from tests.ui.test_pages import drawing

SPEC = parse("4-p4-8-p8-gap-bn")


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        # Machines differ; how long the slowest example takes is measured, not asserted.
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, 2**63, -0.0, 1e308, 5e-324])
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5)
    ),
    max_leaves=12,
)
commands = st.one_of(
    st.tuples(st.sampled_from("MLQZ"), numbers, numbers).map(list),
    st.tuples(st.just("Q"), numbers, numbers, numbers, numbers).map(list),
    values,
)
coordinates = st.floats(-1e6, 1e6) | st.integers(-300, 300)
close_commands = st.one_of(
    st.tuples(st.sampled_from("ML"), coordinates, coordinates).map(list),
    st.tuples(st.just("Q"), *[coordinates] * 4).map(list),
)
strokes = st.fixed_dictionaries(
    {"path": st.lists(commands, max_size=6) | st.lists(close_commands, max_size=30)},
    optional={
        name: coordinates | values
        for name in ("left", "top", "scaleX", "scaleY", "angle", "flipX", "originX", "type")
    },
)
VALID = drawing([(150, 40), (135, 240)])
PICTURE: str = VALID["drawing"]["data"]  # type: ignore[index]


@st.composite
def broken(draw: Any, content: bytes) -> bytes:
    """The content with a few bytes changed, removed or repeated."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        match draw(st.sampled_from(["change", "cut", "insert"])):
            case "change" if changed:
                changed[at] = draw(st.integers(0, 255))
            case "cut":
                del changed[at : at + draw(st.integers(1, 40))]
            case _:
                changed[at:at] = draw(st.binary(max_size=8))
    return bytes(changed)


@examples(300)
@given(
    st.one_of(
        values,
        st.fixed_dictionaries(
            {
                "drawing": st.fixed_dictionaries(
                    {"raw": st.fixed_dictionaries({"objects": st.lists(strokes, max_size=5)})},
                    optional={
                        "data": values
                        | broken(PICTURE.encode()).map(lambda each: each.decode("latin-1"))
                    },
                )
            },
            optional={"backgroundFit": values},
        ),
    )
)
def test_what_the_canvas_sends(message: Any) -> None:
    with contextlib.suppress(DigitError):
        check_canvas(message, 280, 280)
        sent = (message or {}).get("drawing") or {}
        ink = picture_ink(sent.get("data"), 280, 280)
        assert ink is None or ink.shape == (280, 280)
        for each in Drawing(strokes_from_canvas(sent.get("raw")), ink).digits():
            each.digit()


@examples(200)
@given(st.text(max_size=200) | st.from_regex(r"[0-9sprd,\-. tgapfulbn]{1,60}", fullmatch=True))
def test_texts_in_addresses_and_fields(text: str) -> None:
    for read in (parse, recipe_from_json):
        with contextlib.suppress(LabError):
            read(text)
    assert all(number >= 0 for number in run_picker.run_ids(text))


@examples(200)
@given(st.text(max_size=60), st.none() | st.text(max_size=60), st.binary(max_size=200))
def test_requests_to_the_server(host: str, origin: str | None, content: bytes) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    guard.source_problem(headers, ["lab.school.org", "*.example.org"], [])
    guard.message_problem(content)
    guard.uploading_session({"method": "PUT", "path": f"{guard.UPLOADS}{host}"})
    guard.upload_problem(host, "me", {})


handwriting = st.lists(
    st.fixed_dictionaries(
        {"label": st.integers(0, 9) | values, "strokes": values},
        optional={"writer": values},
    ),
    max_size=4,
)


@examples(300)
@given(
    st.one_of(
        st.binary(max_size=300),
        handwriting.map(lambda each: json.dumps(each).encode()),
        handwriting.map(lambda each: gzip.compress(json.dumps(each).encode(), mtime=0)),
        broken(gzip.compress(b'[{"label": 3, "strokes": [[[1, 2], [3, 4]]]}]', mtime=0)),
    )
)
def test_files_of_drawings(content: bytes) -> None:
    with contextlib.suppress(HandwritingError):
        assert from_json(content)


TENSORS = packed({"a": np.ones(4, np.float32), "b": np.zeros((2, 2), np.float32)}, {"x": "1"})


@examples(300)
@given(st.binary(max_size=200) | broken(TENSORS))
def test_tensor_files(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        tensors, _ = unpacked(content)
        assert set(tensors) == {"a", "b"}
    with contextlib.suppress(ValueError):
        unpacked(save_tensors({"a": np.ones(1)}) + content)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from mnistlab.store.exchange.archive import export_run

    store = Store(tmp_path_factory.mktemp("source"))
    return export_run(store, add_finished_run(store, SPEC, Recipe(epochs=2), [90, 80]))


@examples(150)
@given(st.data())
def test_archives(archive: bytes, tmp_path: Path, data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=200) | broken(archive))
    store = Store(tmp_path / "runs")
    with contextlib.suppress(ArchiveError):
        import_run(store, content)
    assert not list(store.folder.glob(".import-*"))


COLUMNS = (
    *("name", "spec", "recipe", "state", "created", "started", "ended", "message", "progress"),
    *("request", "owner", "tags", "notes", "deleted", "queue_position", "slot", "pid"),
    *("heartbeat", "parameters", "epochs_done", "seconds", "best_epoch", "best_errors"),
    *("best_count", "last_errors", "last_count", "test_errors", "test_count"),
)
cells = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.binary(max_size=9),
    values.map(json.dumps),
)


@pytest.fixture(scope="module")
def changed_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("rows") / "runs")
    for _ in range(2):
        add_finished_run(store, SPEC, Recipe(epochs=2), [90, 80])
    return store


@examples(150)
@given(st.dictionaries(st.sampled_from(COLUMNS), cells, min_size=1, max_size=3))
def test_rows(changed_store: Store, changes: dict[str, object]) -> None:
    names = ", ".join(f"{name} = ?" for name in changes)
    with contextlib.closing(sqlite3.connect(changed_store.database.file)) as db:
        before = db.execute("SELECT * FROM runs WHERE id = 1").fetchone()
        with contextlib.suppress(sqlite3.IntegrityError):
            db.execute(f"UPDATE runs SET {names} WHERE id = 1", (*changes.values(),))
        db.commit()
        with contextlib.suppress(LabError):
            changed_store.run(1)
        assert [one.id for one in changed_store.runs([2])] == [2]
        found = table(changed_store, Query())
        assert found.total == len(found.rows) + len(found.unreadable)
        scatter_points(changed_store, Query())
        busy_slots(changed_store)
        columns = [each[1] for each in db.execute("PRAGMA table_info(runs)")]
        again = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE runs SET {again} WHERE id = 1", before)
        db.commit()


@examples(8)
@given(
    page=st.sampled_from(["train", "design", "compare", "experiments"]),
    query=st.dictionaries(
        st.sampled_from(["run", "net", "recipe", "tab", "target", "view", "seeds", "sort"]),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
        min_size=1,
        max_size=3,
    ),
)
def test_addresses(
    page: str, query: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNISTLAB_HOME", str(tmp_path_factory.mktemp("lab")))
        patch.setenv("MNISTLAB_IDLE", "0")
        run(f"pages/{page}.py", **query)
