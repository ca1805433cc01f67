"""The element that answers in the browser while one draws.

It covers the server's answer, which stays the one that counts: it comes after each stroke, screen
readers hear it, and the cover goes as soon as both are about the same strokes. The script, the
reader and the checkpoint's numbers go over HTTP, by their content, so that a browser fetches each
once. Without them the server answers as it does anyway.
"""

import json
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from mnistlab.arch.summary import summarize
from mnistlab.drawing.canvas_message import MAX_SENT
from mnistlab.takehome.html_page import ANSWERS, READER, answering_description, source
from mnistlab.takehome.trained_network import TrainedNetwork, weights_of
from mnistlab.ui.draw.canvas import BRUSH, SIDE, Drawing
from mnistlab.ui.server import ContentFile, content_file, publish

if TYPE_CHECKING:
    from mnistlab.drawing.classifier import Classifier

FOLDER = Path(__file__).parent
PARTS = ("pen.js", "one_digit.js", "live.js")
MAX_PARAMETERS = 100_000
"""A larger network would take long to fetch, and longer for an answer than the server."""
DECIMALS = 4
"""Of a coordinate in pixels: far less than what changes a gray level."""
JAVASCRIPT = "text/javascript"
HTML = '<div class="lab-live" aria-hidden="true" hidden></div>'
SCRIPT = """
export default function (element) {
  // This text is a module without an address that a path could be relative to.
  const script = import(new URL(element.data.script, location.href));
  script.then(({ update }) => update(element), () => {});
  return () => script.then(({ leave }) => leave(), () => {});
}
"""


@cache
def _element() -> Any:
    return st.components.v2.component("mnistlab.live", html=HTML, js=SCRIPT, isolate_styles=False)


def show(
    drawing: Drawing, classifier: "Classifier | None", tta: bool, is_default: bool, is_one: bool
) -> None:
    """Tell the browser which strokes the server's answer, which is on the page by now, is about.

    `classifier`: None if the server has no answer for a drawing on the canvas. `is_default`:
    whether the preprocessing is the default one. `is_one`: whether the answer is for one digit.
    """
    state = st.session_state
    # Another value in every run: the browser hears of an answer for the same strokes, too.
    state["live_run"] = state.get("live_run", 0) + 1
    is_narrow = drawing.width == drawing.shown_width == SIDE
    file = network_file(classifier) if classifier and is_default and is_narrow else None
    _element()(
        data={
            "script": publish(script_file()),
            "reader": publish(reader_file()),
            "network": file and publish(file),
            "canvas": state.get("canvas", 0),
            "brush": BRUSH,
            "maxPoints": MAX_SENT,
            "strokes": [
                [[round(value, DECIMALS) for value in point] for point in stroke]
                for stroke in drawing.strokes
            ],
            "isOne": is_one,
            "tta": tta,
            "run": state["live_run"],
        },
        key="live",
    )


@cache
def script_file() -> ContentFile:
    """What follows the pen, as a module with the functions `update` and `leave`."""
    own = (FOLDER.joinpath(name).read_text("utf-8") for name in PARTS)
    return content_file("\n".join([source(ANSWERS), *own]).encode(), ".js", JAVASCRIPT)


@cache
def reader_file() -> ContentFile:
    """What reads strokes, as a worker's script."""
    return content_file(source(READER).encode(), ".js", JAVASCRIPT)


# As many as `ui.common.checkpoints` keeps loaded.
@lru_cache(maxsize=16)
def network_file(classifier: "Classifier") -> ContentFile | None:
    """A checkpoint as `makeReader` in `reader.js` takes it; None if it is too large."""
    record = classifier.record
    if summarize(record.spec).total > MAX_PARAMETERS:
        return None
    weights = weights_of(classifier.network)
    trained = TrainedNetwork("", record, weights, classifier.uncertainty)
    content = json.dumps(answering_description(trained), separators=(",", ":"))
    return content_file(content.encode(), ".json", "application/json")
