"""What a stranger may write (names, addresses, files) is shown as plain text, never as Markdown."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.arch.presets import PRESETS
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import validate
from mnistlab.markup import plain_markdown
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import run
from tests.ui.test_pages import PAGES

ATTACK = "![i](//host/) :red[x] :smile: <b> $x$ www.host.org"
PLAIN = {
    *("bidi_component", "html", "text", "code", "text_input", "text_area", "multiselect"),
    *("selectbox", "page_link", "dataframe", "arrow_data_frame"),
}
"""Elements whose content is no Markdown; their labels and help texts are."""


def markdown_fields(at: AppTest) -> Iterator[tuple[str, str]]:
    """What the browser takes for Markdown: the kind of element, and the text."""
    for element in [*at.main, *_below(at.main)]:
        proto = getattr(element, "proto", None)
        if proto is not None and hasattr(proto, "ListFields"):
            for descriptor, value in proto.ListFields():
                is_text = isinstance(value, str)
                if is_text and (element.type not in PLAIN or descriptor.name in ("label", "help")):
                    yield f"{element.type}.{descriptor.name}", value


def _below(block: object) -> Iterator[object]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _below(child)


@pytest.fixture
def named(store: Store) -> Store:
    for _ in range(2):
        run_id = add_finished_run(store, PRESETS[3].spec, Recipe(epochs=2), [90, 80])
        edit_details(store, run_id, ATTACK, ATTACK, ATTACK, ATTACK)
    store.add(ATTACK, PRESETS[3].spec, Recipe(), ATTACK)
    collection.save(store, validate(3, ATTACK, [[[0, 1], [9, 5]]]))
    return store


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", ["1,2", ATTACK, "<script>", "3"])
def test_names_and_addresses_are_no_markdown(named: Store, page: str, address: str) -> None:
    fields = [*markdown_fields(run(page, run=address))]
    assert "page_link.label" in dict(fields), "nothing was looked at"
    for field, text in fields:
        for part in ("![i]", ":red[", "(//host/)[", ":smile:", "$x$", "www.host"):
            assert part not in text, f"{field}: {text}"


@pytest.mark.parametrize(
    "text",
    ["http://host.org", "www.host.org", "me@host.org", ":material/home:", ":smile:", "~~x~~"],
)
def test_links_icons_and_emojis_are_broken_up_and_look_the_same(text: str) -> None:
    shown = plain_markdown(text)
    assert text not in shown
    assert shown.replace("\N{WORD JOINER}", "").replace("\\", "") == text
