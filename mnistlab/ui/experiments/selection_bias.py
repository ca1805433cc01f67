"""Test-set use and selection bias, measured on the runs of this store."""

import streamlit as st

from mnistlab.data.dataset import MNIST
from mnistlab.experiments import selection_bias
from mnistlab.experiments.selection_bias import Mean
from mnistlab.home import Home
from mnistlab.store.aggregates import count_test_set_use
from mnistlab.store.store import Store
from mnistlab.text import how_often, percentage_points, percentage_points_range, quantity
from mnistlab.ui.common import html
from mnistlab.worker.processes import ensure_workers


def show(home: Home) -> None:
    """How often the runs evaluated on the test images, and how optimistic a best epoch is."""
    ensure_workers(home)
    store = Store.of(home)
    use, bias = count_test_set_use(store), selection_bias.selection_bias(store)
    st.header("How often was the test set used?", anchor=False)
    st.html(
        html.metrics(
            [
                ("For epoch selection", how_often(use.n_selections)),
                ("Runs with the article protocol", f"{use.n_selecting_runs:,}"),
                ("For final evaluation", how_often(use.n_final)),
            ]
        )
    )
    st.html(html.caption(TEST_SET_USE))
    st.header("How optimistic is the best epoch?", anchor=False)
    st.html(
        html.metrics(
            [
                (
                    f"Best − mean, last {selection_bias.PLATEAU} epochs",
                    _mean(bias.vs_plateau_mean),
                ),
                ("Best − last, all epochs", _mean(bias.vs_last)),
                ("Validation − test", _mean(bias.vs_test)),
            ]
        )
    )
    st.html(html.caption(SELECTION_BIAS))


TEST_SET_USE = (
    "The article protocol selects the epoch on the test images, so each epoch uses them. Hold-out "
    f"selects on {MNIST.n_validation:,} training images and uses the test images once, after the "
    "run. The more often images select, the more optimistic the accuracy on them. Runs in the "
    "trash count; permanently deleted runs do not."
)
SELECTION_BIAS = (
    "In percentage points (pp): mean and 95% CI over the newest finished runs of at least "
    f"{2 * selection_bias.PLATEAU} epochs. Best − mean: the bias of choosing among "
    f"{selection_bias.PLATEAU} epochs, if these are equally good. "
    "Best − last: covers all epochs, but includes real improvement of an earlier epoch. "
    "Validation − test: images that selected the epoch against images that did not; one set is "
    "slightly easier, so only a mean over many runs is informative."
)


def _mean(mean: Mean | None) -> str:
    if mean is None:
        return "no runs yet"
    runs = quantity(mean.n_runs, "run")
    if mean.confidence_interval is None:
        return f"{percentage_points(mean.value)} ({runs})"
    return (
        f"{percentage_points(mean.value)} (95% CI "
        f"{percentage_points_range(*mean.confidence_interval)}; {runs})"
    )
