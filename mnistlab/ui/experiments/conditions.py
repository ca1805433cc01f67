"""The conditions that both experiments share: how long, by which protocol and with which seeds."""

import streamlit as st

from mnistlab.data.options import Split
from mnistlab.experiments.seeds import MAX_SEEDS, first_seeds
from mnistlab.experiments.targets import QUICK_TRAIN_SIZE, Length


def choose_conditions() -> tuple[Length, Split, tuple[int, ...]]:
    """The controls for duration, evaluation protocol and seeds."""
    left, middle, right = st.columns([2, 2, 1])
    with left:
        length = st.segmented_control(
            "Duration", list(Length), default=Length.QUICK, required=True,
            key="length", bind="query-params", format_func=lambda each: each.label,
        )  # fmt: skip
        st.caption(length.help)
    with middle:
        split = st.segmented_control(
            "Evaluation protocol", [Split.ARTICLE, Split.HOLDOUT], default=Split.ARTICLE,
            required=True, key="split", bind="query-params", format_func=lambda each: each.label,
        )  # fmt: skip
        n_train = QUICK_TRAIN_SIZE if length is Length.QUICK else split.n_train
        st.caption(split.explain(n_train))
    with right:
        count = st.number_input("Seeds", 1, MAX_SEEDS, 1, key="seeds", bind="query-params")
        st.caption("Each repeats every run with another seed.")
    return length, split, first_seeds(int(count))
