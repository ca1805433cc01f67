"""Experiments: reproduce the article, change one setting, search, measure the selection bias."""

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.experiments.reproduction import Reproduction
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import page
from mnistlab.ui.experiments import ablation, reproduction, search, selection_bias
from mnistlab.ui.experiments.conditions import choose_conditions

REPRODUCE, ABLATION, SEARCH = "Reproduce the article", "Ablation", "Search"
BIAS = "Selection bias"
home = session_home()

page.setup("Experiments", "Experiments")
view = st.segmented_control(
    "Experiment",
    [REPRODUCE, ABLATION, SEARCH, BIAS],
    default=REPRODUCE,
    required=True,
    label_visibility="collapsed",
    key="view",
    bind="query-params",
)
try:
    if view == BIAS:
        selection_bias.show(home)
    elif view == SEARCH:
        search.show(home)
    else:
        length, split, seeds = choose_conditions()
        if view == REPRODUCE:
            reproduction.show_reproduction(home, Reproduction(length, split, seeds))
        else:
            study = ablation.choose(length, split, seeds)
            ablation.show(home, study)
            ablation.show_all(home, study)
except LabError as error:
    page.show_error(error)
