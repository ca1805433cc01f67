"""The ladder: the article's four targets, the lab's own two, and where to go from each."""

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import OWN, TARGETS, Preset
from mnistlab.runs.study import spread
from mnistlab.training.record import CheckpointError, read_record
from mnistlab.training.score import Score, percent
from mnistlab.ui import page, parts


def figures(preset: Preset) -> list[tuple[str, str]]:
    """What the article reports for a target; nothing for the lab's own networks."""
    article = preset.article
    if article is None:
        return []
    pairs = [("Article, train", f"{article.train:.2f} %")]
    if article.validation:
        pairs.append(("Article, validation", f"{article.validation:.2f} %"))
    return pairs


def measured(preset: Preset) -> str | None:
    """What the shipped checkpoint reached, and how far that may be trusted."""
    path = zoo.shipped(preset.name)
    if path is None:
        return None
    try:
        record = read_record(path)
    except CheckpointError as error:
        return str(error)
    if errors := zoo.STUDIES.get(preset.name):
        found = spread([Score(count, 10_000) for count in errors])
        return (
            f"This lab: {found}, the last of {len(record.epochs)} epochs, the test images read "
            f"once for each seed. Shipped is the first: {percent(record.headline.accuracy)}."
        )
    doubt = ", chosen on these very images: optimistic" if record.optimistic else ""
    return (
        f"This lab: {record.headline}, the best of {len(record.epochs)} epochs{doubt}. "
        f"The last: {percent(record.epochs[-1].validation_accuracy)}."
    )


page.begin("Ladder", "How small can a network be and still read handwriting?")
st.markdown(
    "An article climbs in four steps from 1.6 million parameters to **99.40 %** on MNIST in under "
    "**15,000**. Walk up with it, take any step to the bench, train it, draw digits at it."
)
with st.container(horizontal=True, vertical_alignment="center"):
    page.go("Draw", "Draw a digit", ":material/draw:")
    st.page_link("pages/design.py", label="Design a network", icon=":material/tune:")
    st.page_link("pages/train.py", label="Train one", icon=":material/play_arrow:")


def card(preset: Preset, heading: str) -> None:
    """One network: its question, its count, its figures, and the way to the bench."""
    with st.container(border=True, height="stretch"):
        st.subheader(heading, anchor=False)
        st.markdown(f"**{preset.question}** {preset.change}")
        st.html(parts.gauge(ledger(preset.spec).total))
        if pairs := figures(preset):
            st.html(parts.facts(pairs))
        if told := measured(preset):
            st.html(parts.note(told))
        st.html(parts.mono(str(preset.spec)))
        st.page_link(
            "pages/design.py",
            label=f"Open “{preset.label}” in design",
            icon=":material/tune:",
            query_params={"net": str(preset.spec)},
        )


for first in (0, 2):
    for number, column in enumerate(st.columns(2), first):
        with column:
            card(TARGETS[number], f"{number + 1} · {TARGETS[number].title}")
st.subheader("Past the article", anchor=False)
for preset, column in zip(OWN, st.columns(2), strict=True):
    with column:
        card(preset, preset.title)

st.html(
    parts.note(
        "Parameters are counted as the article and Keras count them: batch norm's running means "
        "and variances included. The article prints no filter counts; these networks are a "
        "reconstruction that reproduces its four totals exactly. Its validation images are MNIST's "
        "test images, looked at after every epoch, so a best epoch chosen there is optimistic."
    )
)
