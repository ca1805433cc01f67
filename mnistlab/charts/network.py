"""A network as a picture: every map drawn to scale, its blocks side by side, as HTML with SVG.

A box's face is as large as the map, its depth grows with the channels; the small square on a face
is the window that the next layer reads. What can be chosen carries its row's name in `data-layer`.
"""

from collections.abc import Collection

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.spec import INPUT_SIZE
from mnistlab.arch.summary import LayerSummary, NetworkSummary
from mnistlab.markup import Markup, fill, join

PIXEL = 2.2
"""Drawn pixels for each pixel of a map."""
DEEPEST = 30.0
"""Drawn pixels of depth for the widest layer, and no more than one and a bit for each channel."""

ARC, PLUS, GAP = 8.0, 4.5, 7.0
"""Of a shortcut: its height above the box, its plus's radius, its start before the box."""


def network_picture(
    result: NetworkSummary, chosen: str = "", changed: Collection[str] = (), choosable: bool = True
) -> Markup:
    """All maps from the input to the ten scores, grouped into blocks, transitions and the head.

    The rows named in `changed` are marked.
    """
    unit = min(1.2, DEEPEST / max(row.out_channels for row in result.rows))
    groups: list[tuple[str, list[Markup]]] = []
    classifiers = (*result.rows[1:], None)
    first = _box(INPUT_SIZE, 1, unit, result.rows[0])
    groups.append(("input", [_figure("input", "the digit", "1", INPUT_SIZE, first, "", False)]))
    for row, title, classifier in zip(result.rows, _groups(result.rows), classifiers, strict=True):
        if groups[-1][0] != title:
            groups.append((title, []))
        box = _box(row.out_size, row.out_channels, unit, classifier, shortcut=row.residual)
        groups[-1][1].append(
            _figure(
                row.name, row.caption, str(row.out_channels), row.out_size, box,
                "lab-chosen" if row.name == chosen else "lab-changed" * (row.name in changed),
                choosable,
            )
        )  # fmt: skip
    shown = (
        fill(
            '<section class="lab-group"><h4>{}</h4><div>{}</div></section>',
            title.split("#")[0],
            join(figures),
        )
        for title, figures in groups
    )
    return fill('<div class="lab-picture">{}</div>', join(shown))


def _groups(rows: tuple[LayerSummary, ...]) -> list[str]:
    """For each row the title of the group that it stands in; `#` parts namesakes."""
    titles, block, between = [], 0, 0
    last: LayerType | None = None
    for index, row in enumerate(rows):
        follower = rows[index + 1].kind if index + 1 < len(rows) else None
        if row.in_head:
            titles.append("head")
        elif row.kind is LayerType.CONV:
            block += last is not LayerType.CONV
            titles.append(f"block {block}")
        elif row.kind is LayerType.TRANSITION:
            between += 1
            pooled = follower is LayerType.POOL
            titles.append(f"{'transition' if pooled else 'partial transition'}#{between}")
        elif last is LayerType.TRANSITION:
            titles.append(titles[-1])
        else:
            between += 1
            titles.append(f"pool#{between}")
        last = row.kind
    return titles


def _figure(
    name: str, does: str, channels: str, size: int, box: Markup, mark: str, choosable: bool
) -> Markup:
    """A box with its name, what made it and its shape."""
    shape = f"{channels} × {size}²" if size > 1 else channels
    choose = (
        fill(
            ' data-layer="{}" role="button" tabindex="0" aria-pressed="{}"',
            name,
            str(mark == "lab-chosen").lower(),
        )
        if choosable
        else ""
    )
    return fill(
        '<figure class="lab-maps {}"{}>{}'
        "<figcaption><b>{}</b><span>{}</span><span>{}</span></figcaption></figure>",
        mark,
        choose,
        box,
        name,
        does,
        shape,
    )


def _box(
    size: int,
    channels: int,
    unit: float,
    classifier: LayerSummary | None,
    *,
    shortcut: bool = False,
) -> Markup:
    """Feature maps with the window that the next row reads, and the shortcut that comes in.

    A dashed window is a depthwise convolution's: it reads each channel by itself.
    """
    side, depth = size * PIXEL, max(1.0, channels * unit)
    whole = side + depth + 1.5
    face = fill(
        '<rect class="lab-face" x=".75" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>',
        depth + 0.75,
        side,
        side,
    )
    x, y, far = 0.75, depth + 0.75, side
    top = f"M{x} {y:.1f}l{depth:.1f} {-depth:.1f}h{far:.1f}l{-depth:.1f} {depth:.1f}z"
    right = f"M{x + far:.1f} {y:.1f}l{depth:.1f} {-depth:.1f}v{far:.1f}l{-depth:.1f} {depth:.1f}z"
    inner = Markup("")
    if classifier and classifier.kernel > 1:
        reach = min(classifier.kernel, size) * PIXEL
        at = (side - reach) / 2
        inner = fill(
            '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>',
            "lab-window" + " lab-depthwise" * classifier.depthwise,
            x + at,
            y + at,
            reach,
            reach,
        )
    return fill(
        '<svg width="{whole:.1f}" height="{whole:.1f}" aria-hidden="true">'
        '<path class="lab-side" d="{top}"/><path class="lab-side" d="{right}"/>'
        "{face}{inner}{arc}</svg>",
        whole=whole,
        top=top,
        right=right,
        face=face,
        inner=inner,
        arc=_shortcut(side + depth) if shortcut else Markup(""),
    )


def _shortcut(width: float) -> Markup:
    """An arc from the maps before, over the box, to a plus at its far edge."""
    x, y, arm = width - PLUS, ARC, PLUS / 2
    return fill(
        '<path class="lab-shortcut" d="M{} {}C{} {} {:.1f} {} {:.1f} {}"/>'
        '<circle class="lab-plus" cx="{:.1f}" cy="{}" r="{}"/>'
        '<path class="lab-arms" d="M{} {}h{}M{} {}v{}"/>',
        *(-GAP, ARC, -GAP, -ARC, x, -ARC, x, y),
        *(x, y, PLUS),
        *(f"{x - arm:.1f}", y, PLUS, f"{x:.1f}", f"{y - arm}", PLUS),
    )
