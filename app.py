"""Home: the article's four targets, the lab's own networks, and where to go next."""

import streamlit as st

from mnistlab.arch.ledger import BUDGET, ledger
from mnistlab.arch.presets import GOAL_ACCURACY
from mnistlab.data.dataset import MNIST
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.ladder import newest
from mnistlab.runs.store import Store
from mnistlab.training.ladder import LAB_NETWORKS, RUNGS
from mnistlab.training.score import percent
from mnistlab.ui import page, plot, story, walk

page.begin("Home", "How small can a network be and still read handwriting?")
largest = max(ledger(target.spec).total for target in RUNGS)
st.markdown(
    f"From {largest / 1e6:.1f} million parameters to fewer than "
    f"**{BUDGET:,}** in four steps, at **{percent(GOAL_ACCURACY)}** accuracy on {MNIST.name}. "
    "Follow the steps, change the network, train it, then draw digits to test it."
)
with st.container(horizontal=True, vertical_alignment="center"):
    page.go("Draw", "Draw a digit", ":material/draw:")
    st.page_link("pages/design.py", label="Design a network", icon=":material/tune:")
    st.page_link("pages/train.py", label="Train a network", icon=":material/play_arrow:")
    st.page_link("pages/experiments.py", label="Reproduce the article", icon=":material/science:")
st.markdown(story.beginning())
with st.expander("How training works"):
    st.markdown(story.TRAINING)

try:
    store = Store(home().runs)
    own = {name: run for name, found in newest(store).items() if (run := store.run(found.id))}
except LabError as error:
    st.warning(str(error))
    own = {}
for target in RUNGS:
    walk.step(target, own.get(target.preset.name))

st.subheader("Beyond the article", anchor=False)
st.markdown(story.beyond())
for place, network in enumerate(LAB_NETWORKS):
    if place % 2 == 0:
        columns = st.columns(2)
    with columns[place % 2]:
        walk.own(network)

with st.expander("About these numbers"):
    st.markdown(story.ABOUT)
# At the end: the words need not wait for the charts' library.
plot.load()
