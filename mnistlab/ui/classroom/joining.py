"""The forms before the app: `/lab/join`, `/lab/enter/TOKEN` and `/lab/leave`.

A GET never changes who a browser is if it is somebody already, so no link or picture of a stranger
can. Posts of other sites are refused by `ui.guard`.
"""

import random
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mnistlab.actor import VISITOR
from mnistlab.classroom.tickets import MAX_SPINS, Ticket, make_ticket, read_ticket
from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.markup import Markup
from mnistlab.store.classroom import people
from mnistlab.store.classroom.people import Class, Person
from mnistlab.store.store import Store
from mnistlab.ui.classroom import join_page
from mnistlab.ui.classroom.addresses import app_path, enter_path, lab_path
from mnistlab.ui.classroom.admission import connection_actor
from mnistlab.ui.classroom.login import forget_login, login_of, login_path
from mnistlab.ui.classroom.rate_limit import RateLimit
from mnistlab.ui.classroom.session import cookie_name

COOKIE_SECONDS = 180 * 24 * 3600
MAX_FORM = 8192
"""Bytes of a form."""
HEADERS = {
    "Cache-Control": "no-store",
    # `no-referrer` would take the Origin from the form's post, which would then be refused.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
NO_CLASS = "There is no class here. Ask the teacher for the address."
INVALID_LINK = "This link is no longer valid. Ask the teacher for a new one, or join anew."
TOO_MANY = "Too many people join at once. Wait a minute, then try again."
MAX_USED = 1000
_used: OrderedDict[int, Person] = OrderedDict()
"""Who has joined with a ticket: a second press of the same button makes no second person."""
_joining = Lock()
LIMIT = RateLimit()
Form = Mapping[str, str]
Respond = Callable[[Request, Home, Class, Form], Response]


def routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        Route(lab_path("join"), _join, methods=both),
        Route(lab_path("enter/{token}"), _enter, methods=both),
        Route(lab_path("leave"), _leave, methods=both),
    ]


async def _join(request: Request) -> Response:
    return await _answer(request, _responded_join)


async def _enter(request: Request) -> Response:
    return await _answer(request, _responded_enter)


async def _leave(request: Request) -> Response:
    return await _answer(request, _responded_leave)


async def _answer(request: Request, respond: Respond) -> Response:
    """Read a small form, and respond in a thread, since the store may keep one waiting."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM:
            return _page("Too long", join_page.problem("The form is too long."), status=413)
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:
        fields = {}
    form = {name: values[0] for name, values in fields.items()}
    return await run_in_threadpool(_in_class, request, form, respond)


def _in_class(request: Request, form: Form, respond: Respond) -> Response:
    home = default_home()
    try:
        current = people.the_class(Store(home.runs)) if home.is_class else None
        if current is None:
            return _page("No class", join_page.problem(NO_CLASS), status=404)
        return respond(request, home, current, form)
    except LabError as error:
        return _page("Not now", join_page.problem(str(error)), status=503)


def _responded_join(request: Request, home: Home, current: Class, form: Form) -> Response:
    store = Store(home.runs)
    target = form.get("to") or request.query_params.get("to", "")
    if connection_actor(home, request) != VISITOR:
        return RedirectResponse(app_path(target), 303)
    login = login_of(request, current.secret)
    if known := people.person_with_login(store, login):
        return _entered(request, home, known, target)
    ticket = read_ticket(current.secret, form.get("ticket", ""))
    if request.method == "GET" or ticket is None:
        return _join_form(store, current, MAX_SPINS, target, login)
    if "spin" in form:
        return _join_form(store, current, max(0, ticket.spins - 1), target, login, ticket)
    name = form.get("name", "") if current.rules.types_names else ticket.name
    with _joining:
        person = _used.get(ticket.number)
        if person is None:
            if not LIMIT.allows(request.client.host if request.client else ""):
                return _page(current.title, join_page.problem(TOO_MANY), status=429)
            try:
                person = people.join(store, name, login)
            except LabError as error:
                return _join_form(store, current, ticket.spins, target, login, problem=str(error))
            _used[ticket.number] = person
            while len(_used) > MAX_USED:
                _used.popitem(last=False)
    return _entered(request, home, person, target)


def _join_form(
    store: Store,
    current: Class,
    spins: int,
    target: str,
    login: str,
    before: Ticket | None = None,
    problem: str = "",
) -> Response:
    """The form with a newly drawn name; with the one of `before` if it has no spins left."""
    if before and not before.spins:
        ticket = before
    else:
        name = people.proposed_name(store, random.Random())
        ticket = Ticket(name, spins, secrets.randbits(63))
    form = join_page.join_form(
        ticket.name,
        ticket.spins,
        make_ticket(current.secret, ticket),
        target,
        current.rules.types_names,
    )
    return _page(
        f"Join {current.title}",
        join_page.problem(problem),
        form,
        _login_note(login),
        join_page.note(join_page.STORED),
        status=409 if problem else 200,
    )


def _login_note(login: str) -> Markup:
    """That somebody has logged in, or where they can; nothing in a class without logins."""
    if login:
        return join_page.note(join_page.LOGGED_IN)
    path = login_path()
    return (
        join_page.link(path, "Log in, to be the same person on every device")
        if path
        else Markup("")
    )


def _responded_enter(request: Request, home: Home, current: Class, form: Form) -> Response:
    person = people.person_of(Store(home.runs), request.path_params["token"])
    if person is None:
        body = join_page.problem(INVALID_LINK), join_page.link(lab_path("join"), "Join")
        return _page(current.title, *body, status=403)
    actor = connection_actor(home, request)
    if request.method == "GET" and actor not in (VISITOR, person.actor):
        text = f"This browser is somebody else in {current.title} now. The link is {person.name}'s."
        button = join_page.confirm_form(f"Continue as {person.name}")
        return _page(person.name, join_page.note(text), button)
    return _entered(request, home, person)


def _entered(request: Request, home: Home, person: Person, target: str = "") -> Response:
    """Set the cookie of a person and go to the app."""
    response = RedirectResponse(app_path(target), 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        cookie_name(home),
        people.token_of(Store(home.runs), person.id),
        max_age=COOKIE_SECONDS,
        path=app_path(),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    forget_login(request, response)
    return response


def _responded_leave(request: Request, home: Home, current: Class, form: Form) -> Response:
    store = Store(home.runs)
    person = people.person_of(store, request.cookies.get(cookie_name(home), ""))
    if person is None:
        return RedirectResponse(lab_path("join"), 303)
    if request.method == "POST":
        response = RedirectResponse(lab_path("join"), 303)
        response.delete_cookie(cookie_name(home), path=app_path())
        return response
    text = (
        f"This browser forgets that it is {person.name}. Runs and drawings stay. Only the own "
        "link leads back to them: save it before you leave."
    )
    return _page(
        f"Leave {current.title}?",
        join_page.note(text),
        join_page.link(enter_path(people.token_of(store, person.id)), f"{person.name}'s own link"),
        join_page.confirm_form("Leave"),
        join_page.link(app_path(), "Stay"),
    )


def _page(title: str, *parts: Markup, status: int = 200) -> Response:
    return HTMLResponse(join_page.document(title, *parts), status, HEADERS)
