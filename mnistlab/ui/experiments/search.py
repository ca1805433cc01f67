"""The searches: each one's trials and Pareto front, as they come."""

from collections import Counter

import streamlit as st

from mnistlab.charts.search_front import search_front
from mnistlab.experiments.search.search import PREFIX, pareto_front, search_names
from mnistlab.home import Home
from mnistlab.store.lookup import tagged_runs
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.text import percent, percent_range, quantity
from mnistlab.ui.common import html, plot
from mnistlab.ui.experiments.progress import show_processors
from mnistlab.ui.train import live

COMMAND = "`python -m mnistlab search NAME`"
EMPTY = (
    f"No search yet. Start one in a terminal: {COMMAND} trains networks within the budget, and "
    "this page shows the best ones."
)
CAPTION = (
    "Each point is a trial; click it to open the run. No smaller network is as accurate as one on "
    "the Pareto front. Accuracies are those of the held-out training images, never of the test "
    "images. The best of many trials is optimistic: train it with several seeds."
)
AGAIN = f"{COMMAND} with another name starts another search; the same command goes on with one."


def show(home: Home) -> None:
    """The chosen search; without any, how to start one."""
    store = Store.of(home)
    names = search_names(store)
    if not names:
        st.markdown(EMPTY)
        return
    name = st.selectbox("Search", names, key="search", bind="query-params", width=320)
    tag = PREFIX + name

    def draw(store: Store) -> None:
        runs = tagged_runs(store, tag)
        front = pareto_front(runs)
        states = Counter(run.state for run in runs)
        counts = ", ".join(f"{states[state]} {state}" for state in State if states[state])
        st.html(html.caption(f"{quantity(len(runs), 'trial')}: {counts}."))
        if run_id := plot.chart(search_front(runs, front), f"search-{name}"):
            st.switch_page("pages/run.py", query_params={"run": str(run_id)})
        st.html(html.caption(CAPTION))
        rows = [
            (
                f"{run.parameters:,}",
                percent(run.best.accuracy),
                percent_range(*run.best.confidence_interval),
                f"{run.id} · {run.spec}",
            )
            for run in front
            if run.best
        ]
        st.html(html.rows(rows, ("Parameters", "Validation", "95% CI", "Run")))
        show_processors(store, front)

    live.auto_refresh(home, tagged_runs(store, tag), draw)
    st.caption(AGAIN)
