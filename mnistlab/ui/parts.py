"""Pieces of pages as HTML, from plain values; what a person typed is escaped."""

import base64
import io
from collections.abc import Collection, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistlab.arch.ledger import BUDGET, verdict
from mnistlab.training.score import percent


def _text(text: str) -> str:
    """Escaped, and with no line break before a per cent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def grid(images: Sequence[NDArray[np.uint8]], columns: int, scale: int = 2, gap: int = 2) -> str:
    """Small grey images (H, W) of one size as one picture, with see-through gaps between them."""
    height, width = images[0].shape
    lines = -(-len(images) // columns)
    columns = min(columns, len(images))
    tall, broad = lines * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.zeros((tall, broad, 2), np.uint8)
    for index, image in enumerate(images):
        y, x = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[y : y + height, x : x + width, 0] = image
        sheet[y : y + height, x : x + width, 1] = 255
    return (
        f'<img class="lab-grid" alt="{len(images)} images" width="{sheet.shape[1] * scale}" '
        f'src="{_png(sheet)}">'
    )


def _png(image: NDArray[np.uint8]) -> str:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def gauge(total: int, budget: int = BUDGET, running: int = 0) -> str:
    """The total against the budget, as a figure and a bar; running statistics are its pale end."""
    kind = "over" if total > budget else "within"
    share = min(total / budget, 1)
    pale = share * running / total if total else 0
    return (
        '<div class="lab-gauge"><div class="lab-gauge-figure">'
        f"<b>{total:,}</b><span>parameters of {budget:,}</span>"
        f'<span class="lab-text-{kind}">{verdict(total, budget)}</span>'
        + (f"<span>{total - running:,} trainable + {running:,} running</span>" if running else "")
        + "</div>"
        f'<div class="lab-gauge-track"><div class="lab-gauge-fill lab-{kind}" '
        f'style="width:{share - pale:.2%}"></div><div class="lab-gauge-fill lab-{kind} lab-pale" '
        f'style="width:{pale:.2%}"></div></div></div>'
    )


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Small labelled figures side by side."""
    cells = (
        f'<div class="lab-fact"><span>{_text(label)}</span><b>{_text(value)}</b></div>'
        for label, value in pairs
    )
    return f'<div class="lab-facts">{"".join(cells)}</div>'


def table(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    left: int = 1,
    marked: Collection[str] = (),
    sums: bool = True,
) -> str:
    """A table of figures: the first `left` columns are words, the last line sums up if `sums`.

    Lines whose first cell is in `marked` stand out.
    """
    body = [_line(head, "th", left)]
    body += [_line(cells, "td", left, cells[0] in marked) for cells in lines]
    kind = "lab-table" if sums else "lab-table lab-flat"
    return f'<div class="lab-scroll"><table class="{kind}">{"".join(body)}</table></div>'


def _line(cells: Sequence[str], tag: str, left: int, marked: bool = False) -> str:
    body = "".join(
        f"<{tag}{' class=lab-left' if column < left else ''}>{_text(cell)}</{tag}>"
        for column, cell in enumerate(cells)
    )
    return f"<tr{' class=lab-reach' if marked else ''}>{body}</tr>"


def bars(probabilities: Sequence[float] | None) -> str:
    """Ten bars; empty ones where nothing was read yet."""
    values = probabilities or [0.0] * 10
    top = max(values) if probabilities else None
    lines = []
    for digit, value in enumerate(values):
        share = percent(value, 1) if probabilities else "–"
        kind = " lab-top" if value == top else ""
        lines.append(
            f'<span class="lab-digit">{digit}</span><div class="lab-bar{kind}">'
            f'<div style="width:{value:.1%}"></div></div><span class="lab-share">{share}</span>'
        )
    return f'<div class="lab-bars" role="group" aria-label="Probabilities">{"".join(lines)}</div>'


def answer(digit: str, text: str) -> str:
    """The digit in large, and a line about it."""
    return (
        f'<div class="lab-answer" aria-live="polite"><b>{_text(digit)}</b>'
        f'<span class="lab-note">{_text(text)}</span></div>'
    )


def pixels(image: NDArray[np.uint8], description: str) -> str:
    """A small grey image (H, W) as large square pixels."""
    return f'<img class="lab-pixels" alt="{_text(description)}" src="{_png(image)}">'


def status(state: str, words: Sequence[str]) -> str:
    """A run's state as a badge, and what there is to say about it."""
    rest = "".join(f"<span>{_text(word)}</span>" for word in words if word)
    return (
        f'<div class="lab-status"><span class="lab-state lab-state-{_text(state)}">'
        f"{_text(state)}</span>{rest}</div>"
    )


def progress(left: str, right: str, share: float | None) -> str:
    """A bar with a line above it; without a share something moves all the same."""
    bar = (
        '<div class="lab-moving"></div>'
        if share is None
        else f'<div class="lab-done" style="width:{min(max(share, 0), 1):.2%}"></div>'
    )
    return (
        f'<div class="lab-progress"><span>{_text(left)}</span><span>{_text(right)}</span></div>'
        f'<div class="lab-track" role="progressbar" aria-label="{_text(left)}">{bar}</div>'
    )


def card(image: NDArray[np.uint8], title: str, note: str, wrong: bool = False) -> str:
    """A small grey image (H, W) with two lines under it; one that is wrong is framed."""
    kind = " lab-wrong" if wrong else ""
    return (
        f'<figure class="lab-card{kind}"><img alt="{_text(title)}" src="{_png(image)}">'
        f"<figcaption><b>{_text(title)}</b>{_text(note)}</figcaption></figure>"
    )


def cards(pieces: Sequence[str], large: bool = False) -> str:
    return f'<div class="lab-cards{" lab-large" * large}">{"".join(pieces)}</div>'


def swatch(colour: str, text: str) -> str:
    """A line in a legend."""
    return f'<span class="lab-swatch"><i style="background:{colour}"></i>{_text(text)}</span>'


def rows(cells: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A small table of text; the first column is the rows' names."""
    lines = [_cells(head, "th")] if head else []
    lines += [_cells(row, "td") for row in cells]
    return (
        f'<div class="lab-scroll"><table class="lab-table lab-plain">{"".join(lines)}</table></div>'
    )


def _cells(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell)}</{tag}>' for cell in cells)}</tr>"


def note(text: str) -> str:
    return f'<div class="lab-note">{_text(text)}</div>'


def said(text: str) -> str:
    """A line that a screen reader says whenever it changes."""
    return f'<div class="lab-note" role="status">{_text(text)}</div>'


def mono(text: str) -> str:
    return f'<div class="lab-mono">{_text(text)}</div>'


def empty(text: str) -> str:
    """What to do next, where there is nothing to show yet."""
    return f'<div class="lab-empty">{_text(text)}</div>'


def labelled(name: str, what: str) -> str:
    """A name, and in small what it is."""
    return f'<div class="lab-labelled"><b>{_text(name)}</b><span>{_text(what)}</span></div>'


def advice(layer: str, reason: str) -> str:
    """A layer's name and what there is to say about it."""
    return f'<div class="lab-advice"><b>{_text(layer)}</b><span>{_text(reason)}</span></div>'
