"""How far the lab's figures may be trusted, measured from its own runs."""

import streamlit as st

from mnistlab.home import Home
from mnistlab.runs import honesty
from mnistlab.runs.honesty import Mean
from mnistlab.runs.jobs import tend
from mnistlab.runs.store import Store
from mnistlab.training.effect import points, points_range
from mnistlab.ui import parts


def show(lab: Home) -> None:
    """How often the test images were read here, and how optimistic a selected epoch is."""
    tend(lab)
    store = Store(lab.runs)
    looks, flattery = honesty.looks(store), honesty.flattery(store)
    st.subheader("How often was the test set used?", anchor=False)
    st.html(
        parts.facts(
            [
                ("For epoch selection", f"{looks.choosing:,} times"),
                ("by runs of the article's split", f"{looks.choosing_runs:,}"),
                ("For final evaluation", f"{looks.once:,} times"),
            ]
        )
    )
    st.html(parts.note(LOOKS))
    st.subheader("How optimistic is the best epoch?", anchor=False)
    st.html(
        parts.facts(
            [
                (
                    f"Best − mean, last {honesty.PLATEAU} epochs",
                    _mean(flattery.plateau),
                ),
                ("Best − last, all epochs", _mean(flattery.last)),
                ("Validation − test", _mean(flattery.unseen)),
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
    "Differences in percentage points (pp), mean and 95% CI over the newest finished runs of at "
    "least 20 epochs. Best − mean is what choosing among the last ten epochs adds by chance, if "
    "they are equally good; the best of more epochs is more optimistic. Best − last covers the "
    "choice among all epochs, and exceeds its bias where an earlier epoch truly is better. "
    "Validation − test compares images that selected the epoch with images that did not; one of "
    "the two sets is a little easier, so only a mean over many runs says much."
)


def _mean(found: Mean | None) -> str:
    if found is None:
        return "no runs yet"
    runs = f"{found.runs} run" + "s" * (found.runs > 1)
    if found.interval is None:
        return f"{points(found.value)} ({runs})"
    return f"{points(found.value)} (95% CI {points_range(*found.interval)}; {runs})"
