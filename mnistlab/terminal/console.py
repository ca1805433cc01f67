"""Output that any terminal, file or pipe takes: no character and no closed pipe is a traceback.

Windows writes redirected output in an old code page such as cp1252, which has neither − nor █.
"""

import codecs
import io
import os
import sys
from typing import TextIO

REPLACEMENTS = {
    "−": "-", "–": "-", "×": "x", "·": "*", "±": "+/-", "²": "2", "√": "sqrt", "…": "...",
    "“": '"', "”": '"', "█": "#", "─": "-", "═": "=", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip
"""What mnistlab prints outside ASCII; another character, such as one in a name, becomes "?"."""
ERRORS = "mnistlab.replace"
BROKEN_PIPE_STATUS = 141
"""What a shell reports for a program that SIGPIPE ended, such as `yes` in `yes | head`: 128 + 13.
"""


def _replace(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_encodable(REPLACEMENTS.get(c, "?"), error.encoding) for c in text), error.end


def _encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "replace").decode(encoding)


codecs.register_error(ERRORS, _replace)


def accept_every_character() -> None:
    """Let standard output and error replace the characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def flush() -> None:
    """Write what is buffered now: at exit a closed pipe would be a message of the interpreter."""
    if sys.stdout:  # without a console there is none
        sys.stdout.flush()


def discard(*streams: TextIO) -> None:
    """Send the rest of these streams nowhere, so that nothing fails again when it is flushed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
