"""The server, and the page Home: the article's four targets, our own networks, links to the pages.

`streamlit run app.py` imports this file for `app`, the server; the server then runs it as a script
for the page.
"""

import streamlit as st

from mnistlab.arch.presets import GOAL_ACCURACY
from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.data.dataset import MNIST
from mnistlab.errors import LabError
from mnistlab.experiments.reproduction import newest_runs
from mnistlab.experiments.targets import LAB_NETWORKS, TARGETS
from mnistlab.home import home
from mnistlab.store.store import Store
from mnistlab.text import percent
from mnistlab.ui import server
from mnistlab.ui.common import page
from mnistlab.ui.home import home_text, target_panel


def show_home() -> None:
    page.setup("Home", "How small can a network be and still read handwriting?")
    largest = max(summarize(target.spec).total for target in TARGETS)
    st.markdown(
        f"From {largest / 1e6:.1f} million parameters to fewer than "
        f"**{BUDGET:,}** in four steps, at **{percent(GOAL_ACCURACY)}** accuracy on {MNIST.name}. "
        "Follow the steps, change the network, train it, then draw digits to test it."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        page.primary_link("Draw", "Draw a digit", ":material/draw:")
        st.page_link("pages/design.py", label="Design a network", icon=":material/tune:")
        st.page_link("pages/train.py", label="Train a network", icon=":material/play_arrow:")
        st.page_link(
            "pages/experiments.py", label="Reproduce the article", icon=":material/science:"
        )
    st.markdown(home_text.beginning())
    with st.expander("How training works"):
        st.markdown(home_text.TRAINING)

    try:
        store = Store(home().runs)
        own_runs = {
            name: run
            for name, summary in newest_runs(store).items()
            if (run := store.run(summary.id))
        }
    except LabError as error:
        page.show_warning(error)
        own_runs = {}
    for target in TARGETS:
        target_panel.target_panel(target, own_runs.get(target.preset.name))

    st.subheader("Beyond the article", anchor=False)
    st.markdown(home_text.beyond())
    columns = st.columns(2)
    for index, network in enumerate(LAB_NETWORKS):
        with columns[index % len(columns)]:
            target_panel.lab_network_panel(network)

    with st.expander("About these numbers"):
        st.markdown(home_text.ABOUT)


if __name__ == "__main__":
    show_home()
else:
    app = st.App(__file__, routes=server.routes(), middleware=server.middleware())
