"""Parts of pages as HTML, from plain values.

All are `Markup`: their arguments are escaped unless they are `Markup` themselves.
"""

import base64
import io
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.arch.summary import BUDGET, budget_text
from mnistlab.markup import Markup, fill, join
from mnistlab.text import probability


def grid(images: Sequence[NDArray[np.uint8]], columns: int, scale: int = 2, gap: int = 2) -> Markup:
    """Gray images (H, W) of one size as one image, with transparent gaps between them."""
    height, width = images[0].shape
    lines = -(-len(images) // columns)
    columns = min(columns, len(images))
    sheet_height, sheet_width = lines * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.zeros((sheet_height, sheet_width, 2), np.uint8)
    for index, image in enumerate(images):
        y, x = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[y : y + height, x : x + width, 0] = image
        sheet[y : y + height, x : x + width, 1] = 255
    return fill(
        '<img class="lab-grid" alt="{} images" width="{}" src="{}">',
        len(images),
        sheet.shape[1] * scale,
        _png(sheet),
    )


def _png(image: NDArray[np.uint8]) -> str:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def budget_bar(total: int, budget: int = BUDGET, non_trainable: int = 0) -> Markup:
    """The total against the budget as text and a bar, whose pale end is non-trainable."""
    kind = "over" if total > budget else "within"
    fraction = min(total / budget, 1)
    pale = fraction * non_trainable / total if total else 0
    figure = fill(
        '<b>{:,}</b><span>of {:,} parameters</span><span class="lab-text-{}">{}</span>',
        total,
        budget,
        kind,
        budget_text(total, budget),
    )
    if non_trainable:
        figure += fill(
            "<span>{:,} trainable + {:,} non-trainable</span>", total - non_trainable, non_trainable
        )
    return fill(
        '<div class="lab-gauge"><div class="lab-gauge-figure">{figure}</div>'
        '<div class="lab-gauge-track"><div class="lab-gauge-fill lab-{kind}" '
        'style="width:{solid:.2%}"></div><div class="lab-gauge-fill lab-{kind} lab-pale" '
        'style="width:{pale:.2%}"></div></div></div>',
        figure=figure,
        kind=kind,
        solid=fraction - pale,
        pale=pale,
    )


def metrics(pairs: Sequence[tuple[str, str]]) -> Markup:
    """Small labeled figures side by side."""
    cells = (
        fill('<div class="lab-fact"><span>{}</span><b>{}</b></div>', label, value)
        for label, value in pairs
    )
    return fill('<div class="lab-facts">{}</div>', join(cells))


def table(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    left: int = 1,
    marked: Collection[str] = (),
    sums: bool = True,
) -> Markup:
    """A table of numbers: the first `left` columns are text, the last line is a total if `sums`.

    Lines whose first cell is in `marked` are highlighted.
    """
    body = [_line(head, "th", left)]
    body += [_line(cells, "td", left, cells[0] in marked) for cells in lines]
    return _table("lab-table" if sums else "lab-table lab-flat", body)


def _table(kind: str, lines: Iterable[Markup]) -> Markup:
    return fill('<div class="lab-scroll"><table class="{}">{}</table></div>', kind, join(lines))


def _line(cells: Sequence[str], tag: str, left: int, marked: bool = False) -> Markup:
    text, number = Markup(" class=lab-left"), Markup("")
    body = join(
        fill(
            "<{tag}{kind}>{}</{tag}>",
            cell,
            tag=tag if cell else "td",  # a header that is empty is no header
            kind=text if column < left else number,
        )
        for column, cell in enumerate(cells)
    )
    return fill("<tr{}>{}</tr>", Markup(" class=lab-reach") if marked else "", body)


def bars(probabilities: Sequence[float] | None, muted: bool = False) -> Markup:
    """Ten bars, one per digit; empty without a prediction, all gray if `muted`."""
    values = probabilities or [0.0] * 10
    top = max(values) if probabilities else None
    lines = (
        fill(
            '<span class="lab-digit">{}</span><div class="lab-bar{}">'
            '<div style="width:{:.1%}"></div></div><span class="lab-share">{}</span>',
            digit,
            " lab-top" if value == top else "",
            value,
            probability(value) if probabilities else "–",
        )
        for digit, value in enumerate(values)
    )
    return fill(
        '<div class="lab-bars{}" role="group" aria-label="Probabilities">{}</div>',
        " lab-muted" * muted,
        join(lines),
    )


def answer(digit: str, text: str) -> Markup:
    """The digit in large type, and a line about it."""
    return fill(
        '<div class="lab-answer" aria-live="polite"><b>{}</b>'
        '<span class="lab-note">{}</span></div>',
        digit,
        text,
    )


def pixels(image: NDArray[np.uint8], description: str) -> Markup:
    """A small gray image (H, W) as large square pixels."""
    return fill('<img class="lab-pixels" alt="{}" src="{}">', description, _png(image))


def photo(image: NDArray[np.uint8], description: str) -> Markup:
    """A picture (H, W, 3) as wide as the canvas."""
    return fill('<img class="lab-photo" alt="{}" src="{}">', description, _png(image))


def status(state: str, details: Sequence[str]) -> Markup:
    """A run's state as a badge, and details about it."""
    rest = (fill("<span>{}</span>", text) for text in details if text)
    return fill(
        '<div class="lab-status"><span class="lab-state lab-state-{}">{}</span>{}</div>',
        state,
        state,
        join(rest),
    )


def progress(left: str, right: str, fraction: float | None) -> Markup:
    """A progress bar with text above it; an animation if the fraction is unknown."""
    bar = (
        Markup('<div class="lab-moving"></div>')
        if fraction is None
        else fill('<div class="lab-done" style="width:{:.2%}"></div>', min(max(fraction, 0), 1))
    )
    return fill(
        '<div class="lab-progress"><span>{left}</span><span>{right}</span></div>'
        '<div class="lab-track" role="progressbar" aria-label="{left}">{bar}</div>',
        left=left,
        right=right,
        bar=bar,
    )


def card(
    image: NDArray[np.uint8],
    title: str,
    note: str,
    wrong: bool = False,
    part: str = "",
    chosen: bool | None = None,
    name: str = "",
) -> Markup:
    """A small gray image (H, W) with a title and a note; red-framed if `wrong`.

    With a `part`, the card is a button of a picture that `ui.common.svg` shows; `chosen`: whether
    that button is pressed, if it is one of several; `name`: what screen readers call it, instead
    of the title and the note.
    """
    button = fill(' role="button" tabindex="0" data-part="{}"', part) if part else Markup("")
    if chosen is not None:
        button += fill(' aria-pressed="{}"', "true" if chosen else "false")
    if name:
        button += fill(' aria-label="{}"', name)
    return fill(
        '<figure class="lab-card{kind}"{button}><img alt="{alt}" src="{image}">'
        "<figcaption><b>{title}</b>{note}</figcaption></figure>",
        kind=" lab-wrong" if wrong else "",
        button=button,
        alt="" if name else title,
        title=title,
        image=_png(image),
        note=note,
    )


def cards(pieces: Sequence[Markup], large: bool = False) -> Markup:
    return fill('<div class="lab-cards{}">{}</div>', " lab-large" * large, join(pieces))


def swatch(color: str, text: str) -> Markup:
    """An entry of a legend."""
    return fill('<span class="lab-swatch"><i style="background:{}"></i>{}</span>', color, text)


def swatches(entries: Iterable[tuple[str, str]]) -> Markup:
    """A legend from pairs of color and text."""
    return join(swatch(*entry) for entry in entries)


def rows(cells: Sequence[Sequence[str]], head: Sequence[str] = ()) -> Markup:
    """A small table of text; the first column has the row names."""
    lines = [_line(head, "th", 0)] if head else []
    return _table("lab-table lab-plain", lines + [_line(row, "td", 0) for row in cells])


GHOST = Markup('<div class="lab-ghost" aria-hidden="true"></div>')
"""A faint digit, which `style.css` draws over an empty canvas."""


def question(text: str, answer: str) -> Markup:
    """A question as a heading, and its answer in one sentence."""
    return fill('<h2 class="lab-question">{}</h2><p class="lab-outcome">{}</p>', text, answer)


def caption(text: str) -> Markup:
    return fill('<div class="lab-note">{}</div>', text)


def live_text(text: str) -> Markup:
    """A line that screen readers announce when it changes."""
    return fill('<div class="lab-note" role="status">{}</div>', text)


def verdict(text: str) -> Markup:
    """The result of a comparison, which screen readers announce when it changes."""
    return fill('<p class="lab-verdict" role="status">{}</p>', text)


def mono(text: str) -> Markup:
    return fill('<div class="lab-mono">{}</div>', text)


def empty(text: str) -> Markup:
    """The next action, where there is nothing to show yet."""
    return fill('<div class="lab-empty">{}</div>', text)


def labeled(name: str, description: str) -> Markup:
    """A name with a small description."""
    return fill('<div class="lab-labeled"><b>{}</b><span>{}</span></div>', name, description)


def advice(layer: str, reason: str) -> Markup:
    """A layer's name and the advice about it."""
    return fill('<div class="lab-advice"><b>{}</b><span>{}</span></div>', layer, reason)
