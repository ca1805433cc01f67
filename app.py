"""The ladder: the article's four targets, and where to go from each."""

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS, Preset
from mnistlab.training.record import CheckpointError, read_record
from mnistlab.training.score import percent
from mnistlab.ui import page, parts


def figures(preset: Preset) -> list[tuple[str, str]]:
    """What the article reports for a target."""
    article = preset.article
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

for pair in (PRESETS[:2], PRESETS[2:]):
    for column, preset in zip(st.columns(2), pair, strict=True):
        with column.container(border=True, height="stretch"):
            number = PRESETS.index(preset) + 1
            st.subheader(f"{number} · {preset.title}", anchor=False)
            st.markdown(f"**{preset.question}** {preset.change}")
            st.html(parts.gauge(ledger(preset.spec).total))
            st.html(parts.facts(figures(preset)))
            if told := measured(preset):
                st.html(parts.note(told))
            st.html(parts.mono(str(preset.spec)))
            st.page_link(
                "pages/design.py",
                label=f"Open target {number} in design",
                icon=":material/tune:",
                query_params={"net": str(preset.spec)},
            )

st.html(
    parts.note(
        "Parameters are counted as the article and Keras count them: batch norm's running means "
        "and variances included. The article prints no filter counts; these networks are a "
        "reconstruction that reproduces its four totals exactly. Its validation images are MNIST's "
        "test images, looked at after every epoch, so a best epoch chosen there is optimistic."
    )
)
