"""Home: the article's four targets, the lab's own networks, and where to go next."""

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
from mnistlab.ui.common import page, plot
from mnistlab.ui.home import home_text, target_panel

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
    st.page_link("pages/experiments.py", label="Reproduce the article", icon=":material/science:")
st.markdown(home_text.beginning())
with st.expander("How training works"):
    st.markdown(home_text.TRAINING)

try:
    store = Store(home().runs)
    own = {name: run for name, found in newest_runs(store).items() if (run := store.run(found.id))}
except LabError as error:
    page.show_warning(error)
    own = {}
for target in TARGETS:
    target_panel.step(target, own.get(target.preset.name))

st.subheader("Beyond the article", anchor=False)
st.markdown(home_text.beyond())
for place, network in enumerate(LAB_NETWORKS):
    if place % 2 == 0:
        columns = st.columns(2)
    with columns[place % 2]:
        target_panel.own(network)

with st.expander("About these numbers"):
    st.markdown(home_text.ABOUT)
# At the end: the words need not wait for the charts' library.
plot.load()
