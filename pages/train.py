"""Train: choose a network and a recipe, start, and watch the epochs come."""

import contextlib

import streamlit as st

from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS
from mnistlab.data import files
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.jobs import submit, tend
from mnistlab.runs.store import Store
from mnistlab.runs.table import newest
from mnistlab.ui import address, bench, cost, live, page, parts, plot, waiting
from mnistlab.ui.recipe import choose, keep

lab = home()
store = Store(lab.runs)

if "design" not in st.session_state and (text := st.query_params.get("net")):
    # A reloaded or a sent address brings its network with it.
    with contextlib.suppress(LabError):
        bench.accept(text)
# Before anything is drawn: who reloads a page that is seen finds the same network.
st.query_params["net"] = str(bench.design())
page.begin("Train", "Train a network")
plot.load()

networks = {bench.LABEL: bench.design()}
networks |= {p.heading: p.spec for p in PRESETS}
with st.container(horizontal=True, vertical_alignment="bottom"):
    network = st.selectbox("Network", networks, width=250, **keep("network"))
    name = st.text_input("Name of the run", placeholder=network, width=220, **keep("name"))
    who = st.text_input("Your name", placeholder="who trains", width=150, **keep("who"))
    start = st.container(width="content")

watching, knobs = st.columns([3, 2], gap="large")
chosen = None
with knobs:
    try:
        spec, recipe = choose(networks[network])
        st.html(parts.gauge(ledger(spec).total) + parts.mono(str(spec)))
        if takes := cost.whole_run(spec, recipe):
            st.html(parts.note(takes))
        chosen = (name or network, spec, recipe, who)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
    if not files.present(lab.data):
        st.html(parts.note("MNIST (20 MB) is fetched once, when the first run begins."))

with watching:
    try:
        pressed = start.button(
            "Start training", type="primary", icon=":material/play_arrow:", disabled=chosen is None
        )
        if pressed and chosen:
            address.watch(submit(lab, *chosen))
        tend(lab)
        known = {run.id: f"{run.id} · {run.name}" for run in newest(store, 50)}
        shown = address.runs(store, known)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    if not known:
        st.html(parts.empty("No runs yet. Start one: a taste of 2,560 digits takes half a minute."))
        st.stop()

    def draw(store: Store) -> None:
        """The chosen runs and the queue, as they stand."""
        runs = store.runs(shown)
        if len(runs) == 1:
            live.one(lab, runs[0])
        elif runs:
            live.several(lab, runs)
        waiting.show(lab)

    live.follow(lab, shown, draw)
