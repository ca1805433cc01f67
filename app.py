"""The ladder as a walk: the article's four targets, the lab's own two, and where to go next."""

import streamlit as st

from mnistlab.arch.presets import OWN
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.ladder import newest
from mnistlab.runs.store import Store
from mnistlab.training.ladder import RUNGS
from mnistlab.ui import page, parts, plot, story, walk

page.begin("Ladder", "How small can a network be and still read handwriting?")
st.markdown(
    "An article climbs in four steps from 1.6 million parameters to **99.40 %** on MNIST in under "
    "**15,000**. Walk up with it, take any step to the bench, train it, draw digits at it."
)
with st.container(horizontal=True, vertical_alignment="center"):
    page.go("Draw", "Draw a digit", ":material/draw:")
    st.page_link("pages/design.py", label="Design a network", icon=":material/tune:")
    st.page_link("pages/train.py", label="Train one", icon=":material/play_arrow:")
    st.page_link("pages/experiments.py", label="Run the ladder", icon=":material/science:")
st.markdown(story.BEGINNING)

try:
    store = Store(home().runs)
    own = {name: run for name, found in newest(store).items() if (run := store.run(found.id))}
except LabError as error:
    st.warning(str(error))
    own = {}
for number, rung in enumerate(RUNGS):
    walk.step(number, own.get(rung.preset.name))

st.subheader("5 · Past the article", anchor=False)
st.markdown(story.OWN)
for preset, column in zip(OWN, st.columns(2), strict=True):
    with column:
        walk.own(preset)

st.html(
    parts.note(
        "Parameters are counted as the article and Keras count them: batch norm's running means "
        "and variances included. The article prints no filter counts and no learning rates; these "
        "networks are a reconstruction that reproduces its four totals exactly. Its validation "
        "images are MNIST's test images, looked at after every epoch, so a best epoch chosen there "
        "is optimistic; how much, the experiments page measures."
    )
)
# At the end: the words need not wait for the charts' library.
plot.load()
