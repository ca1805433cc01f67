"""Experiments: run the ladder, switch a single choice, see how far the figures may be trusted."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.ladder import Climb
from mnistlab.ui import experiments, page, plot

VIEWS = {"ladder": "The ladder", "choice": "One choice", "trust": "How far to trust it"}
lab = home()

page.begin("Experiments", "Run the ladder, question a choice")
plot.load()
view = st.segmented_control(
    "Experiment",
    list(VIEWS),
    format_func=VIEWS.__getitem__,
    default="ladder",
    required=True,
    label_visibility="collapsed",
    key="view",
    bind="query-params",
)
try:
    if view == "trust":
        experiments.trust(lab)
    else:
        length, split, seeds = experiments.conditions()
        if view == "ladder":
            experiments.climb(lab, Climb(length, split, seeds))
        else:
            study = experiments.choose(length, split, seeds)
            experiments.ablate(lab, study)
            experiments.tried(lab, study.rung, study)
except LabError as error:
    st.error(str(error), icon=":material/error:")
