"""Experiments: run the ladder, switch a single choice, see how far the figures may be trusted."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.experiments.reproduction import Reproduction
from mnistlab.home import home
from mnistlab.ui.common import page, plot
from mnistlab.ui.experiments import ablation, reproduction, selection_bias

LADDER, CHOICE, TRUST = "The ladder", "One choice", "How far to trust it"
lab = home()

page.setup("Experiments", "Run the ladder, question a choice")
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
        selection_bias.show(lab)
    else:
        length, split, seeds = reproduction.conditions()
        if view == LADDER:
            reproduction.show_reproduction(lab, Reproduction(length, split, seeds))
        else:
            study = ablation.choose(length, split, seeds)
            ablation.show(lab, study)
            ablation.tried(lab, study)
except LabError as error:
    page.show_error(error)
