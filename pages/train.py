"""Train: choose a network and a recipe, start, and watch the epochs come."""

import contextlib

import streamlit as st

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.summary import summarize
from mnistlab.data import download
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import current_network, html, page, plot, run_picker
from mnistlab.ui.design import cost
from mnistlab.ui.train import live, queue
from mnistlab.ui.train.recipe import choose, keep
from mnistlab.worker.processes import ensure_workers, submit

lab = home()
store = Store(lab.runs)

if "design" not in st.session_state and (text := st.query_params.get("net")):
    # A reloaded or a sent address brings its network with it.
    with contextlib.suppress(LabError):
        current_network.set_from_text(text)
# Before anything is drawn: who reloads a page that is seen finds the same network.
st.query_params["net"] = str(current_network.current())
page.setup("Train", "Train a network")
plot.load()

networks = {current_network.LABEL: current_network.current()}
networks |= {p.heading: p.spec for p in PRESETS}
with st.container(horizontal=True, vertical_alignment="bottom"):
    network = st.selectbox("Network", networks, width=250, **keep("network"))
    name = st.text_input("Name of the run", placeholder=network, width=220, **keep("name"))
    who = st.text_input("Your name", placeholder="who trains", width=150, **keep("owner"))
    start = st.container(width="content")

watching, knobs = st.columns([3, 2], gap="large")
chosen = None
with knobs:
    try:
        spec, recipe = choose(networks[network])
        st.html(html.budget_bar(summarize(spec).total) + html.mono(str(spec)))
        if takes := cost.whole_run(spec, recipe):
            st.html(html.caption(takes))
        chosen = (name or network, spec, recipe, who)
    except LabError as error:
        page.show_error(error)
    if not download.is_downloaded(lab.data):
        st.html(html.caption("MNIST (20 MB) is fetched once, when the first run begins."))

with watching:
    try:
        pressed = start.button(
            "Start training", type="primary", icon=":material/play_arrow:", disabled=chosen is None
        )
        if pressed and chosen:
            run_picker.select_run(submit(lab, *chosen))
        ensure_workers(lab)
        known = {run.id: f"{run.id} · {run.name}" for run in newest(store, 50)}
        shown = run_picker.choose_runs(store, known)
    except LabError as error:
        page.show_error(error)
        st.stop()
    if not known:
        st.html(html.empty("No runs yet. Start one: a taste of 2,560 digits takes half a minute."))
        st.stop()

    def draw(store: Store) -> None:
        """The chosen runs and the queue, as they stand."""
        runs = store.runs(shown)
        if len(runs) == 1:
            live.one(lab, runs[0])
        elif runs:
            live.several(lab, runs)
        queue.show(lab)

    live.auto_refresh(lab, shown, draw)
