"""Streamlit's own login as a way to join, with the cookies that Streamlit would have set.

The way to a provider and back is in `tests/browser/test_login.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from mnistlab.store.classroom import people
from mnistlab.ui.classroom import joining, login
from mnistlab.ui.classroom.rate_limit import RateLimit
from tests.store.classroom.a_class import ExampleClass, open_example
from tests.ui.classroom.test_joining import PAGE, Browser, ticket

ORIGIN, SECRET = "https://lab.example.org", "a secret of thirty-two characters"
CLAIMS = {
    "iss": "https://school.example",
    "sub": "pupil-17",
    "name": "Ada Lovelace",
    "email": "ada@school.example",
    "origin": ORIGIN,
    "is_logged_in": True,
}


@pytest.fixture
def example(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExampleClass]:
    example = open_example(lab)
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(joining, "LIMIT", RateLimit())
    monkeypatch.setattr(login, "get_origin_from_redirect_uri", lambda: ORIGIN)
    monkeypatch.setattr(secrets_singleton, "load_if_toml_exists", lambda: False)
    before = config.get_option("server.cookieSecret")
    config.set_option("server.cookieSecret", SECRET)
    yield example
    config.set_option("server.cookieSecret", before)


def logged_in(secret: str = SECRET, **claims: object) -> Browser:
    """A browser that comes back from the provider."""
    value = create_signed_value(secret, USER_COOKIE_NAME, json.dumps(CLAIMS | claims))
    one = Browser()
    one.cookie = f"{USER_COOKIE_NAME}={value.decode()}"
    return one


def names(example: ExampleClass) -> list[str]:
    return [person.name for person in people.people(example.lab)]


def join(one: Browser) -> str:
    """Join by the form; the cookies that are set and deleted."""
    form = one.get("/lab/join")
    assert "You have logged in" in form.text
    return one.post("/lab/join", {"ticket": ticket(form.text)}).headers["set-cookie"]


def test_the_same_login_on_another_device_is_the_same_person(example: ExampleClass) -> None:
    join(logged_in())
    assert len(names(example)) == 4
    again = logged_in().get("/lab/join?to=/train")
    assert again.status_code == 303 and again.headers["location"] == "/train"
    other = logged_in(sub="pupil-18")
    join(other)
    join(logged_in(iss="https://other.example"))
    assert len(names(example)) == 6
    assert other.get("/", headers=PAGE).text.startswith("the app")


def test_two_forms_of_one_login_make_one_person(example: ExampleClass) -> None:
    one, two = logged_in(), logged_in()
    forms = [each.get("/lab/join").text for each in (one, two)]
    for each, text in zip((one, two), forms, strict=True):
        assert each.post("/lab/join", {"ticket": ticket(text)}).status_code == 303
    assert len(names(example)) == 4


def test_nothing_of_the_account_is_stored_and_the_login_is_forgotten(
    example: ExampleClass,
) -> None:
    one = logged_in()
    cookies = join(one)
    assert f'{USER_COOKIE_NAME}=""; expires=' in cookies
    stored = b"".join(each.read_bytes() for each in example.home.root.rglob("*") if each.is_file())
    for text in ("Ada Lovelace", "ada@school", "pupil-17", "school.example"):
        assert text.encode() not in stored
    with example.lab.database.reading() as db:
        (code,) = db.execute("SELECT login FROM people WHERE login IS NOT NULL").fetchone()
    assert code.encode() in stored, "so it has been looked for in the right files"


@pytest.mark.parametrize(
    ("secret", "claims"),
    [
        ("a secret that somebody else would have", {}),
        (SECRET, {"origin": "https://evil.example"}),
        (SECRET, {"is_logged_in": False}),
        (SECRET, {"is_logged_in": "yes"}),
        (SECRET, {"sub": ""}),
        (SECRET, {"sub": None}),
    ],
)
def test_a_login_that_is_not_valid_is_none(
    example: ExampleClass, secret: str, claims: dict[str, object]
) -> None:
    form = logged_in(secret, **claims).get("/lab/join")
    assert form.status_code == 200 and "logged in" not in form.text
    assert "Log in" not in form.text, "no provider is configured"


def test_a_removed_person_who_logs_in_again_is_a_new_one(example: ExampleClass) -> None:
    join(logged_in())
    removed = people.people(example.lab)[-1]
    people.remove(example.teacher, removed.id)
    join(logged_in())
    assert people.people(example.lab)[-1].id != removed.id


def test_who_logs_in_keeps_a_name_that_the_teacher_changed(example: ExampleClass) -> None:
    join(logged_in())
    people.rename(example.teacher, people.people(example.lab)[-1].id, "Calm Otter")
    one = logged_in()
    assert one.get("/lab/join").status_code == 303
    token = one.cookie.partition("=")[2]
    person = people.person_of(example.lab, token)
    assert person and person.name == "Calm Otter"
