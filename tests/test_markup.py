"""Whatever a person typed is text in every piece of HTML: no tag, no entity, no end of a script."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from types import ModuleType

import numpy as np
import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.summary import NetworkSummary, summarize
from mnistlab.charts import feature_maps, network, receptive_field
from mnistlab.charts.base import figure, line
from mnistlab.markup import Markup, fill, join
from mnistlab.report import html as report
from mnistlab.report.document import Report, Section, Table
from mnistlab.ui.common import html

NASTY = "<img src=x onerror=alert(1)>'\"&amp;</script></style>{0}%{x}"
IMAGE = np.zeros((28, 28), np.uint8)
DRAWN = np.zeros((2, 5, 5), np.float32)
PLAIN = summarize(PRESETS[3].spec)
ROW = replace(PLAIN.rows[0], name=NASTY)


def nasty() -> NetworkSummary:
    """A network whose layers all have the name that nobody should have."""
    return replace(PLAIN, rows=tuple(replace(row, name=NASTY) for row in PLAIN.rows))


def document() -> Report:
    section = Section(
        title=NASTY,
        target=(NASTY,),
        result=(NASTY,),
        questions=(NASTY,),
        tables=(Table((NASTY,), ((NASTY,),)),),
        figures=(figure(NASTY, [line(NASTY, [1], [1], "#000")]),),
        notes=NASTY,
    )
    return Report(NASTY, section, (section,), (NASTY,), NASTY)


Piece = Callable[[], Markup]
PIECES: dict[str, Piece] = {
    "html.grid": lambda: html.grid([IMAGE], 1),
    "html.budget_bar": lambda: html.budget_bar(12_874, non_trainable=192),
    "html.metrics": lambda: html.metrics([(NASTY, NASTY)]),
    "html.table": lambda: html.table((NASTY, NASTY), [(NASTY, NASTY)], marked={NASTY}),
    "html.bars": lambda: html.bars([0.1] * 10),
    "html.answer": lambda: html.answer(NASTY, NASTY),
    "html.pixels": lambda: html.pixels(IMAGE, NASTY),
    "html.photo": lambda: html.photo(np.zeros((4, 5, 3), np.uint8), NASTY),
    "html.status": lambda: html.status(NASTY, [NASTY]),
    "html.progress": lambda: html.progress(NASTY, NASTY, 0.5),
    "html.card": lambda: html.card(IMAGE, NASTY, NASTY, wrong=True),
    "html.cards": lambda: html.cards([html.card(IMAGE, NASTY, NASTY)], large=True),
    "html.swatch": lambda: html.swatch(NASTY, NASTY),
    "html.swatches": lambda: html.swatches([(NASTY, NASTY)]),
    "html.rows": lambda: html.rows([(NASTY,)], (NASTY,)),
    "html.question": lambda: html.question(NASTY, NASTY),
    "html.caption": lambda: html.caption(NASTY),
    "html.live_text": lambda: html.live_text(NASTY),
    "html.verdict": lambda: html.verdict(NASTY),
    "html.mono": lambda: html.mono(NASTY),
    "html.empty": lambda: html.empty(NASTY),
    "html.labeled": lambda: html.labeled(NASTY, NASTY),
    "html.advice": lambda: html.advice(NASTY, NASTY),
    "network.network_picture": lambda: network.network_picture(nasty(), NASTY, {NASTY}),
    "receptive_field.receptive_field_picture": lambda: receptive_field.receptive_field_picture(
        nasty(), NASTY, IMAGE
    ),
    "receptive_field.pixelated": lambda: receptive_field.pixelated(IMAGE, 0, 0, 10),
    "feature_maps.receptive_field_of_unit": lambda: feature_maps.receptive_field_of_unit(
        IMAGE, ROW, (0, 0)
    ),
    "feature_maps.layer_maps": lambda: feature_maps.layer_maps(DRAWN, (0, 0)),
    "html.html": lambda: report.html(document()),
    "html.library": report.library,
}
NAMELESS = {
    "grid",
    "budget_bar",
    "bars",
    "pixelated",
    "receptive_field_of_unit",
    "layer_maps",
    "library",
}
"""Functions that are handed no text."""


class Read(HTMLParser):
    """A piece of HTML as a browser takes it: its tags with their attributes, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_every_public_function_that_returns_html_is_tested_here() -> None:
    def makers(module: ModuleType) -> set[str]:
        return {
            f"{module.__name__.rpartition('.')[2]}.{name}"
            for name, function in inspect.getmembers(module, inspect.isroutine)
            if function.__module__ == module.__name__
            and not name.startswith("_")
            and inspect.signature(function).return_annotation is Markup
        }

    assert set(PIECES) == set().union(
        *map(makers, (html, network, receptive_field, feature_maps, report))
    )


@pytest.mark.parametrize("name", PIECES)
def test_a_hostile_name_is_shown_as_it_was_typed(name: str) -> None:
    piece = PIECES[name]()
    assert isinstance(piece, Markup)
    if name.endswith("library"):
        assert "</script" not in piece
        return
    parsed = Read(piece)
    assert not [a for _, attributes in parsed.tags for a in attributes if a.startswith("on")]
    assert not [a for _, attributes in parsed.tags if (a := attributes).get("src") == "x"]
    if name.rpartition(".")[2] not in NAMELESS:
        shown = "".join(parsed.texts) + "".join(str(v) for _, a in parsed.tags for v in a.values())
        assert NASTY in shown


def test_a_template_s_values_are_text_unless_they_are_markup() -> None:
    assert fill("<b>{}</b>", "<i>") == "<b>&lt;i&gt;</b>"
    assert fill("<b>{}</b>", Markup("<i>")) == "<b><i></b>"
    assert fill("{}{name:.1%}", 1, name=0.5) == "150.0%"
    assert join([fill("{}", "&"), fill("{}", "<")]) == "&amp;&lt;"
