"""Train: choose a network and a recipe, start a run, and watch its epochs."""

import contextlib

import streamlit as st

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.summary import summarize
from mnistlab.data import download
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.common import current_network, html, page, run_picker
from mnistlab.ui.design import cost
from mnistlab.ui.train import live, queue
from mnistlab.ui.train.recipe import choose_recipe, persistent
from mnistlab.worker.processes import ensure_workers, submit

home = default_home()
store = Store(home.runs)

if not current_network.is_set() and (text := st.query_params.get("net")):
    # A reloaded page, or a link, has its network in the address.
    with contextlib.suppress(LabError):
        current_network.set_from_text(text)
# Set before anything is shown, so that a reload at any moment finds the same network.
st.query_params["net"] = str(current_network.current())
page.setup("Train", "Train a network")

networks = {current_network.LABEL: current_network.current()}
networks |= {preset.heading: preset.spec for preset in PRESETS}
with st.container(horizontal=True, vertical_alignment="bottom"):
    network = st.selectbox(
        "Network",
        networks,
        width=250,
        key=current_network.CHOICE_KEY,
        persist_state="session",
    )
    name = st.text_input("Run name", placeholder=network, width=220, **persistent("name"))
    owner = st.text_input("Owner", placeholder="optional", width=150, **persistent("owner"))
    start_place = st.container(width="content")

run_column, recipe_column = st.columns([4, 3], gap="large")
submission = None
with recipe_column:
    try:
        spec, recipe = choose_recipe(networks[network])
        st.html(html.budget_bar(summarize(spec).total) + html.mono(str(spec)))
        if estimate := cost.whole_run(spec, recipe):
            st.html(html.caption(estimate))
        submission = (name or network, spec, recipe, owner)
    except LabError as error:
        page.show_error(error)
    if not download.is_downloaded(home.data):
        st.html(html.caption(download.NOT_DOWNLOADED))

with run_column:
    try:
        pressed = start_place.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=submission is None,
        )
        if pressed and submission:
            run_picker.select_run(submit(home, *submission))
        ensure_workers(home)
        selected_ids = run_picker.choose_runs(store, newest(store, 50))
    except LabError as error:
        page.show_error(error)
        st.stop()
    if not selected_ids:
        st.html(html.empty("No runs yet. Try 2,560 training images: about 30 s."))
        st.stop()

    def draw(store: Store) -> None:
        """The selected runs and the queue, as they are now."""
        live.show_runs(home, store.runs(selected_ids))
        queue.show(home)

    live.auto_refresh(home, selected_ids, draw)
