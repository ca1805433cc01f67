"""A page run by Streamlit's own AppTest."""

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
TIMEOUT = 600


def run(page: str = "app.py", **query: str) -> AppTest:
    """Open a page with query parameters; an exception fails the test."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=TIMEOUT)
    if page != "app.py":
        at.switch_page(page)
    for name, value in query.items():
        at.query_params[name] = value
    return settled(at)


def settled(at: AppTest) -> AppTest:
    """Run the page again, after a change of a widget or of the session."""
    at.run()
    assert not at.exception, at.exception
    return at


def body(at: AppTest) -> str:
    """All HTML on the page, as it goes to the browser, with that of the board's table."""
    tables = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    return " ".join(
        [
            *(element.proto.body for element in at.get("html")),
            *(table["html"] for table in tables if isinstance(table, dict) and "html" in table),
        ]
    )
