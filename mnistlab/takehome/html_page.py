"""A trained network as one HTML file that reads what somebody draws, without any network access.

Names and texts are escaped. A Content-Security-Policy lets only the file's own two scripts run, by
their digests, so a script that got into the page all the same would not.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.drawing.prediction import CONFIDENT_FROM
from mnistlab.markup import Markup, fill, join
from mnistlab.takehome.description import network_description
from mnistlab.takehome.model_card import CardSection, accuracy_text, model_card, size_text
from mnistlab.takehome.trained_network import TrainedNetwork

FOLDER = Path(__file__).parent
READER = ("strokes.js", "network.js", "not_a_digit.js", "reader.js")
"""What reads strokes, in the order of its parts; it needs no page."""
ANSWERS = ("words.js", "newest.js")
"""What a page around it needs: an answer's words, and the questions one at a time."""


def html_page(trained: TrainedNetwork) -> str:
    """The whole file, to be saved as UTF-8. The only names in it are the network's own."""
    summary = summarize(trained.record.spec)
    data = answering_description(trained)
    reader, page = source(READER), source((*ANSWERS, "page.js"))
    return fill(  # noqa: S704 (a file of this package)
        _template(),
        policy=_policy((reader, page)),
        name=trained.name,
        style=source(("page.css",)),
        size=size_text(trained),
        share=f"{min(1.0, summary.total / BUDGET):.3f}",
        over=Markup(' class="over"') if summary.total > BUDGET else "",
        accuracy=accuracy_text(trained),
        card=join(map(_section, model_card(trained))),
        data=_json(data),
        reader=reader,
        page=page,
    )


def answering_description(trained: TrainedNetwork) -> dict[str, Any]:
    """The network with what `describe` in `words.js` takes."""
    return network_description(trained) | {
        "confidentFrom": CONFIDENT_FROM,
        "isCalibrated": trained.uncertainty is not None,
    }


@cache
def source(names: Iterable[str]) -> Markup:
    """Files of this package as one text. Raises ValueError if it would end its own element."""
    text = "\n".join((FOLDER / name).read_text("utf-8") for name in names)
    if "</" in text or "<!--" in text:
        raise ValueError(f"{', '.join(names)}: write the tag in another way")
    return Markup(f"\n{text}")  # noqa: S704 (files of this package)


def _template() -> str:
    return (FOLDER / "page.html").read_text("utf-8")


def _policy(scripts: Iterable[str]) -> str:
    """Nothing is fetched, and no script runs but these."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in scripts)
    allowed = " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; worker-src blob:; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _section(section: CardSection) -> Markup:
    paragraphs = join(fill("<p>{}</p>", text) for text in section.paragraphs)
    command = fill("<pre>{}</pre>", section.command) if section.command else ""
    return fill("<h3>{}</h3>{}{}", section.title, paragraphs, command)


def _json(data: object) -> Markup:
    """Data for a script element of JSON; `<` is escaped, so that no tag can start in it."""
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 (entities are not decoded inside a script element)
