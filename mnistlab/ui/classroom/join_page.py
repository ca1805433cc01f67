"""The pages before the app: joining a class, taking somebody's link, leaving.

Each is one small HTML document that needs no script and loads nothing, so that it is there at once
on any phone.
"""

from pathlib import Path

from mnistlab.classroom.names import MAX_NICKNAME
from mnistlab.markup import Markup, fill, join

STYLE = Path(__file__).with_name("join.css")
STORED = (
    "What is stored about you: this name, the runs you start and the drawings you save, on the "
    "teacher's computer. No account, no e-mail. The teacher sees and can delete all of it."
)

LOGGED_IN = (
    "You have logged in. The class keeps a code by which the same login is you again; your name, "
    "e-mail address and account are not stored."
)


def document(title: str, *parts: Markup) -> Markup:
    style = Markup(STYLE.read_text("utf-8"))  # noqa: S704 (a file of this package)
    return fill(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>{title} · mnistlab</title>'
        "<style>{style}</style></head><body><main><p class=lab>mnistlab</p><h1>{title}</h1>{body}"
        "</main></body></html>",
        title=title,
        style=style,
        body=join(parts),
    )


def problem(text: str) -> Markup:
    return fill('<p class="problem" role="alert">{}</p>', text) if text else Markup("")


def note(text: str) -> Markup:
    return fill('<p class="note">{}</p>', text)


def join_form(name: str, spins: int, ticket: str, target: str, types_names: bool) -> Markup:
    """The form to join with: a drawn name, or a field for a nickname.

    The first button of a form is the one that Enter presses: Join.
    """
    field = (
        fill(
            '<label for="name">Your nickname (not your real name)</label><input id="name" '
            'name="name" value="{}" maxlength="{}" required autocomplete="off">',
            name,
            MAX_NICKNAME,
        )
        if types_names
        else fill('<p class="note">In this class you are</p><p class="name">{}</p>', name)
    )
    spin = fill(
        '<button name="spin" value="1" formnovalidate{}>Spin again ({} left)</button>',
        Markup("") if spins else Markup(" disabled"),
        spins,
    )
    return fill(
        '<form method="post" action="join"><input type="hidden" name="ticket" value="{}">'
        '<input type="hidden" name="to" value="{}">{}'
        '<button class="primary">Join</button>{}</form>',
        ticket,
        target,
        field,
        spin,
    )


def confirm_form(label: str) -> Markup:
    """A form of one button, sent to the page's own address."""
    return fill('<form method="post"><button class="primary">{}</button></form>', label)


def link(path: str, text: str) -> Markup:
    return fill('<p><a href="{}">{}</a></p>', path, text)
