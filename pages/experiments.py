"""Experiments: run the ladder, switch a single choice, see how far the figures may be trusted."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs.ladder import Climb
from mnistlab.ui import ablation, experiments, page, plot, trust

LADDER, CHOICE, TRUST = "The ladder", "One choice", "How far to trust it"
lab = home()

page.begin("Experiments", "Run the ladder, question a choice")
plot.load()
view = st.segmented_control(
    "Experiment",
    [LADDER, CHOICE, TRUST],
    default=LADDER,
    required=True,
    label_visibility="collapsed",
    key="view",
    bind="query-params",
)
try:
    if view == TRUST:
        trust.show(lab)
    else:
        length, split, seeds = experiments.conditions()
        if view == LADDER:
            experiments.climb(lab, Climb(length, split, seeds))
        else:
            study = ablation.choose(length, split, seeds)
            ablation.show(lab, study)
            ablation.tried(lab, study)
except LabError as error:
    st.error(str(error), icon=":material/error:")
