"""Joining as attackers and hasty people would try it, over the server's own routes."""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import Message

from mnistlab.home import Home
from mnistlab.store.classroom import people
from mnistlab.ui import server
from mnistlab.ui.classroom import joining
from mnistlab.ui.classroom.addresses import app_path
from mnistlab.ui.classroom.rate_limit import ALL, EACH, RateLimit
from tests.store.classroom.a_class import ExampleClass, open_example

PAGE = {"accept": "text/html"}


@pytest.fixture
def example(lab: object, monkeypatch: pytest.MonkeyPatch) -> ExampleClass:
    example = open_example(lab)  # type: ignore[arg-type]
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(joining, "LIMIT", RateLimit())
    return example


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: dict[str, str]
    text: str


class Browser:
    """Sends requests to the server's routes and middleware, and keeps the cookie."""

    def __init__(self) -> None:
        self.app = Starlette(
            routes=[
                *server.routes(),
                Route("/{path:path}", lambda request: HTMLResponse("the app")),
            ],
            middleware=[*server.middleware()],
        )
        self.cookie = ""

    def get(self, path: str, headers: Mapping[str, str] = {}) -> Answer:
        return self.ask("GET", path, headers)

    def post(
        self, path: str, data: Mapping[str, str] = {}, headers: Mapping[str, str] = {}
    ) -> Answer:
        return self.ask("POST", path, headers, urlencode(data).encode())

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        kind: str = "http",
    ) -> Answer:
        sent = {"host": "127.0.0.1", "cookie": self.cookie, **headers}
        plain, _, query = path.partition("?")
        scope = {
            "type": kind,
            "method": method,
            "scheme": "http",
            "path": plain,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("192.168.1.9", 1),
        }
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            messages.append(message)

        # Playwright keeps an event loop in the main thread, if its tests came before.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self.app(scope, receive, send)).result()
        first = messages[0]
        if kind == "websocket":
            return Answer(403 if first["type"] == "websocket.close" else 101, {}, "")
        received: dict[str, str] = {}
        for name, value in first["headers"]:
            before = received.get(name.decode(), "")
            # Of cookies there may be several; the class's own is the first.
            received[name.decode()] = "\n".join(filter(None, (before, value.decode())))
        if "set-cookie" in received:
            self.cookie = received["set-cookie"].partition(";")[0]
        text = b"".join(message.get("body", b"") for message in messages[1:]).decode()
        return Answer(first["status"], received, text)


def browser() -> Browser:
    return Browser()


def ticket(text: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', text)
    assert found
    return found[1]


def test_a_stranger_sees_the_joining_page_alone(example: ExampleClass) -> None:
    one = browser()
    answer = one.get("/train?net=8&run=3", headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/lab/join?to=/train%3Fnet%3D8%26run%3D3"
    assert one.get("/media/x.png").status_code == 403
    assert one.post("/_stcore/anything").status_code == 403
    assert one.ask("GET", "/_stcore/stream", {}, kind="websocket").status_code == 403


def test_joining_sets_a_cookie_that_scripts_cannot_read(example: ExampleClass) -> None:
    one = browser()
    form = {"ticket": ticket(one.get("/lab/join").text), "to": "/train?net=8"}
    answer = one.post("/lab/join", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/train?net=8")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert one.get("/train", headers=PAGE).text.startswith("the app")


def test_pressing_twice_makes_one_person(example: ExampleClass) -> None:
    form = {"ticket": ticket(browser().get("/lab/join").text)}
    cookies = {browser().post("/lab/join", data=form).headers["set-cookie"] for _ in range(2)}
    assert len(cookies) == 1 and len(people.people(example.lab)) == 4


def test_a_name_is_typed_only_where_the_teacher_allows_it(example: ExampleClass) -> None:
    form = {"ticket": ticket(browser().get("/lab/join").text), "name": "Typed"}
    browser().post("/lab/join", data=form)
    assert "Typed" not in [one.name for one in people.people(example.lab)]
    current = people.the_class(example.lab)
    assert current
    people.set_rules(example.teacher, replace(current.rules, types_names=True))
    form = {"ticket": ticket(browser().get("/lab/join").text), "name": "<b>Typed"}
    browser().post("/lab/join", data=form)
    assert people.people(example.lab)[-1].name == "<b>Typed"
    taken = {"ticket": ticket(browser().get("/lab/join").text), "name": "ADA"}
    answer = browser().post("/lab/join", data=taken)
    assert answer.status_code == 409 and "ADA is taken" in answer.text


def test_posts_of_other_sites_and_long_forms_are_refused(example: ExampleClass) -> None:
    form = {"ticket": ticket(browser().get("/lab/join").text)}
    answer = browser().post("/lab/join", data=form, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert browser().post("/lab/join", data={"name": "x" * 9000}).status_code == 413
    assert len(people.people(example.lab)) == 3


def test_a_link_makes_nobody_somebody_else_without_a_press(example: ExampleClass) -> None:
    lab = example.lab
    ada, bob = (people.token_of(lab, person.id) for person in people.people(lab)[1:])
    one = browser()
    assert one.get(f"/lab/enter/{ada}").status_code == 303
    asked = one.get(f"/lab/enter/{bob}")
    assert asked.status_code == 200 and "set-cookie" not in asked.headers
    assert "set-cookie" in one.post(f"/lab/enter/{bob}").headers
    assert one.get("/lab/leave").status_code == 200
    one.post("/lab/leave")
    assert one.get("/", headers=PAGE).status_code == 303
    people.renew_token(example.teacher, people.people(lab)[1].id)
    assert browser().get(f"/lab/enter/{ada}").status_code == 403
    assert browser().get("/lab/enter/guess").status_code == 403


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil", "/a\r\nb", ""])
def test_nobody_is_led_to_another_site(example: ExampleClass, to: str) -> None:
    assert app_path(to) == "/"
    form = {"ticket": ticket(browser().get(f"/lab/join?to={quote(to)}").text), "to": to}
    assert browser().post("/lab/join", data=form).headers["location"] == "/"


def test_a_script_cannot_fill_the_class_at_once() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    assert [limit.allows("a") for _ in range(EACH + 1)] == [True] * EACH + [False]
    assert sum(limit.allows(str(n)) for n in range(2 * ALL)) == ALL - EACH
    now = 61.0
    assert limit.allows("a")


def test_without_a_class_there_is_nothing_to_join(lab: object) -> None:
    assert browser().get("/lab/join").status_code == 404
    assert browser().get("/", headers=PAGE).status_code == 200
    assert not Home(lab).is_class  # type: ignore[arg-type]
