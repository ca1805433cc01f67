"""How far the lab's figures may be trusted, measured from its own runs."""

import streamlit as st

from mnistlab.experiments import selection_bias
from mnistlab.experiments.selection_bias import Mean
from mnistlab.home import Home
from mnistlab.stats.difference import percentage_points, percentage_points_range
from mnistlab.store.store import Store
from mnistlab.ui.common import html
from mnistlab.worker.processes import ensure_workers


def show(lab: Home) -> None:
    """How often the test images were read here, and how optimistic a selected epoch is."""
    ensure_workers(lab)
    store = Store(lab.runs)
    views, flattery = selection_bias.count_test_set_use(store), selection_bias.selection_bias(store)
    st.subheader("How often was the test set used?", anchor=False)
    st.html(
        html.metrics(
            [
                ("For epoch selection", f"{views.choosing:,} times"),
                ("by runs of the article's split", f"{views.choosing_runs:,}"),
                ("For final evaluation", f"{views.once:,} times"),
            ]
        )
    )
    st.html(html.caption(TEST_SET_USE))
    st.subheader("How optimistic is the best epoch?", anchor=False)
    st.html(
        html.metrics(
            [
                (
                    f"Best − mean, last {selection_bias.PLATEAU} epochs",
                    _mean(flattery.vs_plateau_mean),
                ),
                ("Best − last, all epochs", _mean(flattery.vs_last)),
                ("Validation − test", _mean(flattery.vs_test)),
            ]
        )
    )
    st.html(html.caption(SELECTION_BIAS))


TEST_SET_USE = (
    "Under the article's split every epoch reads them to decide which epoch is kept. Under the "
    "strict split 10,000 training digits decide, and the test images are read once, when nothing "
    "is left to be decided. The more often a set of images decides, the less its figure says of "
    "new ones. Runs in the bin are counted; runs removed for good are forgotten."
)
SELECTION_BIAS = (
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
    if found.confidence_interval is None:
        return f"{percentage_points(found.value)} ({runs})"
    return (
        f"{percentage_points(found.value)} (95% CI "
        f"{percentage_points_range(*found.confidence_interval)}; {runs})"
    )
