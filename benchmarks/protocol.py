"""A user of the app without a browser: speaks Streamlit's protocol over a WebSocket."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Session:
    """One user: a connection, the widgets on the page, and their values."""

    def __init__(self, socket: Any, page: str, query: str = "") -> None:
        self.socket, self.page, self.query = socket, page, query
        self.ids: dict[str, str] = {}
        self.values: dict[str, int | str] = {}
        self.polls: dict[str, float] = {}
        """The fragments that the server wants to be asked for, and the seconds between."""
        self.text = ""
        self.run()

    def run(self, fragment: str = "", click: str = "") -> float:
        """Let the page run; seconds until its last message. A `click` is on a button's label."""
        message = self._message(fragment, click)
        if not fragment:
            self.polls.clear()
        started = time.perf_counter()
        self.socket.send(message)
        before, self.text = self.text, ""
        self._read_to_the_end()
        took = time.perf_counter() - started
        assert fragment or self.text != before, "a click changed nothing"
        return took

    def _message(self, fragment: str, click: str) -> bytes:
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.query_string = self.page, self.query
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        add = state.widget_states.widgets.add
        for name, value in self.values.items():
            if isinstance(value, int):
                add(id=self.ids[name], int_value=value)
            else:
                add(id=self.ids[name]).string_array_value.data.append(value)
        if click:
            add(id=self.ids[click], trigger_value=True)
        content: bytes = message.SerializeToString()
        return content

    def _read_to_the_end(self) -> None:
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        while True:
            message = ForwardMsg.FromString(self.socket.recv(60))
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return
                self.polls.clear()
            if kind == "auto_rerun":
                self.polls[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                shown = getattr(element, element.WhichOneof("type"))
                assert element.WhichOneof("type") != "exception", shown.message
                self.text += getattr(shown, "body", "")
                if widget := getattr(shown, "id", ""):
                    # A widget without a key is known by its label.
                    key = widget.split("-", 2)[2]
                    self.ids[getattr(shown, "label", "") if key == "None" else key] = widget

    def watch(self, seconds: float) -> None:
        """Leave the page open: its fragments poll as often as they asked to."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            interval = min(self.polls.values(), default=seconds)
            time.sleep(min(interval, until - now))
            for fragment in list(self.polls):
                self.run(fragment)


@contextmanager
def visit(url: str, page: str, query: str = "", cookie: str = "") -> Iterator[Session]:
    """Open a page as a browser does; `cookie`: as `name=value`, of a person in a class."""
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    address = f"{url.replace('http', 'ws')}/_stcore/stream"
    headers = {"Cookie": cookie} if cookie else {}
    with connect(
        address,
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=headers,
        max_size=None,
        open_timeout=60,
    ) as socket:
        yield Session(socket, page, query)


def processor_seconds(process: int) -> float:
    """User and system time of a process and its threads so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(process: int) -> float:
    """Memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
