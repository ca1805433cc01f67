"""The end of a training: its accuracy, nine misclassified digits, and where to go from there.

While a run trains, the same panel has its best validation so far, so that nothing moves at the end.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st

from mnistlab.data.idx import read_images
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.markup import Markup, fill, join, plain_markdown
from mnistlab.stats.predictions import Predictions, load_predictions
from mnistlab.stats.score import Score
from mnistlab.store.run import Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import best_first
from mnistlab.text import percent, percent_range, quantity
from mnistlab.ui.common import html
from mnistlab.ui.train import watched

N_DIGITS = 9
MAX_EARLIER = 50
"""Runs, from the best one on, among which one is looked for to compare with."""


def show(home: Home, runs: Sequence[Run]) -> None:
    """The panel of the run that ended last among the watched ones, else of the first one."""
    run = _subject(runs)
    if run is None:
        return
    store = Store.of(home)
    with st.container(border=True, key="outcome", gap="xsmall"):
        try:
            if not watched.has_result(run):
                raise LabError("the run has no result yet")
            predictions = _predictions(store, run)
        except LabError:
            st.html(_unfinished(run))
            _links(store, run, enabled=False)
            return
        watched.mark_shown(run.id)
        st.html(_headline(run, predictions.score) + _digits(home.data, predictions))
        _links(store, run, enabled=True)


def _subject(runs: Sequence[Run]) -> Run | None:
    """The run that the panel is about."""
    ended = [run for run in runs if watched.has_result(run)]
    if ended:
        return max(ended, key=lambda run: (run.ended or 0.0, run.id))
    return next((run for run in runs if run.state is State.RUNNING), next(iter(runs), None))


def _headline(run: Run, score: Score) -> Markup:
    low, high = score.confidence_interval
    errors = f"{quantity(score.errors, 'error')} in {score.count:,} test images"
    is_optimistic = run.recipe.split is Split.ARTICLE
    optimistic = " · optimistic: these images also selected the epoch" if is_optimistic else ""
    return fill(
        '<div class="lab-end" role="status"><b>{}</b>'
        "<span><strong>{}</strong><br>{}95% CI {} · {}{}</span></div>",
        percent(score.accuracy),
        f"Run {run.id} · {run.name}",
        "stopped early · " if run.state is State.STOPPED else "",
        percent_range(low, high),
        errors,
        optimistic,
    )


def _unfinished(run: Run) -> Markup:
    """What is known before the end, in the same places."""
    known = f"Best validation so far, epoch {run.best_epoch}." if run.best else "No epoch yet."
    if run.state.active and run.recipe.split is not Split.ARTICLE:
        known += " The test images come at the end."
    tiles = join([Markup("<i></i>")] * N_DIGITS)
    return fill(
        '<div class="lab-end"><b>{}</b><span><strong>{}</strong><br>{}</span></div>'
        '<div class="lab-end-digits" aria-hidden="true">{}</div>',
        percent(run.best.accuracy) if run.best else "–",
        f"Run {run.id} · {run.name}",
        known,
        tiles,
    )


def _predictions(store: Store, run: RunSummary) -> Predictions:
    """The run's predictions of the test images. Raises CheckpointError if there are none."""
    path = store.predictions_path(run.id)
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0
    return _load_predictions(path, modified)


# The page looks at the same run every few seconds.
@lru_cache(maxsize=16)
def _load_predictions(path: Path, modified: int) -> Predictions:
    return load_predictions(path)


def _digits(data: Path, predictions: Predictions) -> Markup:
    """The most confident errors: their images, labels and predicted digits."""
    indices = predictions.errors_by_confidence()[:N_DIGITS]
    titles = [f"{predictions.labels[n]} → {predictions.predicted[n]}" for n in indices]
    if not titles:
        return fill('<div class="lab-end-digits">{}</div>', "No misclassified images.")
    try:
        images = read_images(data, "test", map(int, indices))
    except LabError:
        text = f"Misclassified (true → predicted): {', '.join(titles)}."
        return fill('<div class="lab-end-digits"><span>{}</span></div>', text)
    cards = [html.card(image, title, "") for image, title in zip(images, titles, strict=True)]
    return fill('<div class="lab-end-digits">{}</div>', join(cards))


def _links(store: Store, run: RunSummary, enabled: bool) -> None:
    """Where to go from a result; disabled before there is one, so that nothing moves."""
    other = _best_earlier(store, run) if enabled else None
    compare = f"{run.id},{other.id}" if other else str(run.id)
    best = (
        f"With run {other.id} · {plain_markdown(other.name)}"
        if other
        else "No earlier run has a result."
    )
    with st.container(horizontal=True, gap="small", key="links-outcome"):
        for page, label, icon, query, help_text, disabled in (
            ("draw", "Draw with it", "draw", {"run": str(run.id)}, None, not enabled),
            (
                "run",
                "See its mistakes",
                "search",
                {"run": str(run.id), "tab": "Errors"},
                "The digits are true → predicted, the most confident mistakes first.",
                not enabled,
            ),
            ("compare", "Compare", "compare_arrows", {"run": compare}, best, other is None),
        ):
            st.page_link(
                f"pages/{page}.py",
                label=label,
                icon=f":material/{icon}:",
                query_params=query,
                help=help_text,
                disabled=disabled,
            )


def _best_earlier(store: Store, run: RunSummary) -> RunSummary | None:
    """The most accurate finished run before this one."""
    earlier = (one for one in best_first(store, MAX_EARLIER) if one.id < run.id)
    return next((one for one in earlier if watched.has_result(one)), None)
