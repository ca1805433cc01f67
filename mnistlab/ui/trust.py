"""How far the lab's figures may be trusted, measured from its own runs."""

import streamlit as st

from mnistlab.home import Home
from mnistlab.runs import honesty
from mnistlab.runs.honesty import Mean
from mnistlab.runs.jobs import tend
from mnistlab.runs.store import Store
from mnistlab.training.effect import points
from mnistlab.ui import parts


def show(lab: Home) -> None:
    """How often the test images were read here, and by how much a chosen epoch flatters."""
    tend(lab)
    store = Store(lab.runs)
    looks, flattery = honesty.looks(store), honesty.flattery(store)
    st.subheader("How often were the test images looked at?", anchor=False)
    st.html(
        parts.facts(
            [
                ("To choose an epoch by", f"{looks.choosing:,} times"),
                ("by runs of the article's split", f"{looks.choosing_runs:,}"),
                ("Once, after a run", f"{looks.once:,} times"),
            ]
        )
    )
    st.html(parts.note(LOOKS))
    st.subheader("By how much does the best of many epochs flatter?", anchor=False)
    st.html(
        parts.facts(
            [
                (
                    f"Best of the last {honesty.PLATEAU} epochs, less their mean",
                    _mean(flattery.plateau),
                ),
                ("Best epoch, less the last", _mean(flattery.last)),
                ("Best validation, less test", _mean(flattery.unseen)),
            ]
        )
    )
    st.html(parts.note(FLATTERY))


LOOKS = (
    "Under the article's split every epoch reads them to decide which epoch is kept. Under the "
    "strict split 10,000 training digits decide, and the test images are read once, when nothing "
    "is left to be decided. The more often a set of images decides, the less its figure says of "
    "new ones. Runs in the bin are counted; runs removed for good are forgotten."
)
FLATTERY = (
    "In points of accuracy, over the newest finished runs of at least 20 epochs. Were the last ten "
    "epochs equally good, the best of them would stand above their mean by chance alone, and that "
    "much of its figure would not come again on new images. It is an upper estimate: where the "
    "accuracy still rises, or restless weights really differ, part of it is earned. The last "
    "figure needs no such guess: validation images that chose, less test images that did not; but "
    "one of the two sets is a little easier, so only a mean over many runs says much."
)


def _mean(found: Mean | None) -> str:
    if found is None:
        return "no run yet"
    runs = f"{found.runs} run" + "s" * (found.runs > 1)
    if found.interval is None:
        return f"{points(found.value)} ({runs})"
    low, high = found.interval
    return f"{points(found.value)} ({points(low)} to {points(high)}; {runs})"
