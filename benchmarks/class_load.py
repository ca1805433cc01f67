"""A class on one machine: `python benchmarks/class_load.py [--people 30] [--seconds 60]`.

A real server of a class with torch loaded, and people who speak its protocol over WebSockets as
browsers do, each with a cookie of their own. Of five people two edit their design, one asks Draw
for one test digit after another, and two watch a run that trains; each does something once in five
seconds, at moments of their own, and the watched page asks the server as often as it was told to.
A projector shows the board. Measured are the time from the click to the last message, the server's
processor time and memory, and how many images the run trains with and without the people, in turns.
The clients run on the same cores and take their part of them, which a class' own laptops would not;
their processor time is printed too.

With `--watch-only` everybody leaves Train open and does nothing else. With `--servers 2` half of
the people use a second server process on the same store. With `--rounds 20` the same people open
their pages twenty times, use them and close them again, and the memory with all of them and after
each round is printed. Streamlit keeps the sessions that were left, at most 128 and for two minutes,
in case that a connection was only lost: they are in all figures but the first. So what a class
costs is where the figures stop rising. MNIST is taken from the cache of the tests, so run them once
before.
"""

import argparse
import math
import os
import platform
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from protocol import Session, processor_seconds, resident_megabytes, visit

if TYPE_CHECKING:
    from mnistlab.home import Home
    from mnistlab.store.run import Run
    from mnistlab.store.store import Store

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PAUSE = 5.0
"""Seconds between two actions of a person."""
ROLES = ("design", "watch", "draw", "watch", "design")
SETTLE = 8.0
"""Seconds between the last arrival and the measurement: what a page does once is over."""


@dataclass
class Person:
    """Somebody in the class: what they do, and how long each answer took."""

    role: str
    url: str
    cookie: str
    start: threading.Event
    end: threading.Event
    clicks: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    error: str = ""
    has_arrived: bool = False
    patience: float = 0.0
    """Seconds until the first action, if not a few."""

    def live(self, run_id: int, seed: int) -> None:
        """Open the page and use it until the end; what fails is kept as `error`."""
        page, query = {
            "design": ("design", ""),
            "draw": ("draw", ""),
            "watch": ("train", f"run={run_id}"),
            "board": ("class", ""),
        }[self.role]
        try:
            with visit(self.url, page, query, self.cookie) as session:
                if self.role == "draw":
                    session.values["source"] = "MNIST"
                    session.run()
                self._use(session, random.Random(seed))
        except Exception as error:  # a benchmark counts what goes wrong, whatever it is
            self.error = f"{self.role}: {error!r}"

    def _use(self, session: Session, rng: random.Random) -> None:
        self.has_arrived = True
        number = 0
        due = {fragment: time.monotonic() + every for fragment, every in session.polls.items()}
        action = time.monotonic() + (self.patience or rng.uniform(0, PAUSE))
        while not self.end.is_set():
            fragment = min(due, key=due.__getitem__, default="")
            next_poll = due.get(fragment, float("inf"))
            wait = min(action, next_poll) - time.monotonic()
            # In steps, because nobody can wait for infinity.
            if wait > 0 and not self.end.wait(min(wait, PAUSE)):
                continue
            if self.end.is_set():
                return
            if next_poll < action:
                took = session.run(fragment)
                self._note(self.polls, took)
            else:
                number += 1
                took = self._act(session, number)
                self._note(self.clicks, took)
                action = max(time.monotonic(), action + PAUSE)
            now = time.monotonic()
            due = {
                each: now + every if each == fragment or each not in due else due[each]
                for each, every in session.polls.items()
            }

    def _note(self, times: list[float], took: float) -> None:
        if self.start.is_set():
            times.append(took)

    def _act(self, session: Session, number: int) -> float:
        if self.role == "draw":
            return session.run(click="Random image")
        if self.role == "design":
            session.values["filters0"] = 4 + number % 12
        # A watched page is opened again now and then, as by somebody who comes back to it.
        return session.run()


@contextmanager
def people_in(persons: Sequence[Person], run_id: int) -> Iterator[None]:
    """Let the people use the app meanwhile; they come one after the other, as to a lesson."""
    threads = [
        threading.Thread(target=person.live, args=(run_id, seed), daemon=True)
        for seed, person in enumerate(persons)
    ]
    for person, thread in zip(persons, threads, strict=True):
        thread.start()
        while not (person.has_arrived or person.error):
            time.sleep(0.02)
    time.sleep(SETTLE)
    persons[0].start.set()
    try:
        yield
    finally:
        persons[0].end.set()
        for thread in threads:
            thread.join(70)


def cookies(home: "Home", count: int) -> list[str]:
    """Let people join; the cookie of each."""
    from mnistlab.store.classroom import people
    from mnistlab.store.store import Store
    from mnistlab.ui.classroom.session import cookie_name

    store, rng = Store(home.runs), random.Random(0)
    persons = [people.join(store, people.proposed_name(store, rng)) for _ in range(count)]
    return [f"{cookie_name(home)}={people.token_of(store, person.id)}" for person in persons]


def persons_of(
    urls: Sequence[str], tokens: Sequence[str], watch_only: bool = False
) -> list[Person]:
    """A projector and the others with their roles, spread over the servers."""
    start, end = threading.Event(), threading.Event()
    some = ("watch",) if watch_only else ROLES
    roles = ["board", *(some[number % len(some)] for number in range(len(tokens) - 1))]
    patience = math.inf if watch_only else 0.0
    return [
        # Nobody clicks on the projector.
        Person(
            role,
            urls[number % len(urls)],
            token,
            start,
            end,
            patience=math.inf if role == "board" else patience,
        )
        for number, (role, token) in enumerate(zip(roles, tokens, strict=True))
    ]


def images_trained(store: "Store", run: "Run") -> int:
    """How many images a run has trained so far."""
    from mnistlab.training.epoch import Phase

    now = store.run(run.id)
    assert now is not None and now.state.active, "the run ended"
    per_epoch, progress = now.recipe.images_per_epoch, now.progress
    if progress is None:
        return now.epochs_done * per_epoch
    done = progress.done if progress.phase == Phase.TRAIN else per_epoch
    return (progress.epoch - 1) * per_epoch + done


def training_rate(store: "Store", run: "Run", seconds: float) -> float:
    """Images a second over a time."""
    before, started = images_trained(store, run), time.monotonic()
    time.sleep(seconds)
    return (images_trained(store, run) - before) / (time.monotonic() - started)


@contextmanager
def a_run(home: "Home") -> Iterator["Run"]:
    """A run that trains meanwhile, in a process of its own as always."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.run import Request
    from mnistlab.store.store import Store
    from mnistlab.worker.processes import submit

    store = Store(home.runs)
    run_id = submit(home, "watched", PRESETS[3].spec, Recipe(epochs=1000))
    while not ((run := store.run(run_id)) and run.progress):
        time.sleep(0.1)
    yield run
    store.request(run_id, Request.STOP)
    while store.running():
        time.sleep(0.1)


def percentile(times: Sequence[float], percent: int) -> float:
    """Milliseconds below which so many percent of the times are."""
    return 1000 * sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def report(persons: Sequence[Person]) -> None:
    for role in ("all", "design", "draw", "watch"):
        chosen = [each for each in persons if role in ("all", each.role)]
        for kind in ("clicks", "polls"):
            if times := [took for each in chosen for took in getattr(each, kind)]:
                print(
                    f"{role:<7}{kind:<7} n {len(times):5}  median {percentile(times, 50):5.0f}  "
                    f"p95 {percentile(times, 95):5.0f}  p99 {percentile(times, 99):5.0f}  "
                    f"max {1000 * max(times):5.0f} ms"
                )
    errors = [each.error for each in persons if each.error]
    print(f"sessions lost: {len(errors)}", *errors[:3])


def measure_load(
    home: "Home", urls: Sequence[str], servers: Sequence[int], options: "Options"
) -> None:
    """The latency of everybody, and the training's speed with and without them, in turns."""
    from mnistlab.store.store import Store

    tokens = cookies(home, options.people + 1)
    store, alone, watched = Store(home.runs), [], []
    persons: list[Person] = []
    with a_run(home) as run:
        warm_up(urls, tokens)
        memory = sum(map(resident_megabytes, servers))
        for _ in range(options.turns):
            time.sleep(SETTLE)
            alone.append(training_rate(store, run, options.seconds))
            now = persons_of(urls, tokens, options.watch_only)
            with people_in(now, run.id):
                before = [processor_seconds(each) for each in (*servers, os.getpid())]
                started = time.monotonic()
                watched.append(training_rate(store, run, options.seconds))
                took = time.monotonic() - started
                spent = [
                    100 * (processor_seconds(each) - then) / took
                    for each, then in zip((*servers, os.getpid()), before, strict=True)
                ]
                with_all = sum(map(resident_megabytes, servers))
            persons += now
    report(persons)
    *busy, client = spent
    print(f"processor: servers {', '.join(f'{each:.0f}' for each in busy)}%, clients {client:.0f}%")
    print(f"memory: {memory:.0f} MB with nobody, {with_all:.0f} MB with all, "
          f"{(with_all - memory) / options.people:.1f} MB a person")  # fmt: skip
    losses = [100 * (1 - after / before) for before, after in zip(alone, watched, strict=True)]
    print(
        f"training: {statistics.mean(alone):.0f} images/s alone, {statistics.mean(watched):.0f} "
        f"with everybody: {statistics.mean(losses):.0f}% less "
        f"(turns {', '.join(f'{each:.0f}' for each in losses)})"
    )


def warm_up(urls: Sequence[str], tokens: Sequence[str]) -> None:
    """Let each server import what its pages need."""
    for url in urls:
        for role in ("board", "design", "draw"):
            with (
                suppress(AssertionError),
                visit(url, {"board": "class"}.get(role, role), "", tokens[0]),
            ):
                pass


def measure_rounds(home: "Home", url: str, server: int, options: "Options") -> None:
    """The memory with all people and after they have left, round by round."""
    tokens = cookies(home, options.people + 1)
    with a_run(home) as run:
        warm_up([url], tokens)
        print(f"with nobody: {resident_megabytes(server):.0f} MB", flush=True)
        for number in range(1, options.rounds + 1):
            persons = persons_of([url], tokens)
            with people_in(persons, run.id):
                time.sleep(options.seconds)
                during = resident_megabytes(server)
            time.sleep(SETTLE)
            lost = sum(bool(each.error) for each in persons)
            print(f"round {number}: {during:.0f} MB with all, {resident_megabytes(server):.0f} MB "
                  f"after they left, sessions lost {lost}", flush=True)  # fmt: skip


class Options(argparse.Namespace):
    people: int
    seconds: float
    servers: int
    turns: int
    rounds: int
    watch_only: bool


def parse() -> Options:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--watch-only", action="store_true")
    return parser.parse_args(namespace=Options())


def main() -> None:
    from mnistlab.home import Home
    from mnistlab.store.classroom import people
    from mnistlab.store.store import Store
    from tests.browser.conftest import serve

    options = parse()
    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    home = Home(folder).of_class("7b")
    people.open_class(Store(home.runs), "7b")
    apps = [serve(folder, class_name=home.class_name) for _ in range(options.servers)]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.people} people and "
        f"a projector, {options.servers} server(s), {options.seconds:.0f} s a turn"
    )
    try:
        processes = [app.process.pid for app in apps]
        if options.rounds:
            measure_rounds(home, apps[0].url, processes[0], options)
        else:
            measure_load(home, [app.url for app in apps], processes, options)
    finally:
        for app in apps:
            app.process.terminate()
            app.process.wait(30)


if __name__ == "__main__":
    main()
