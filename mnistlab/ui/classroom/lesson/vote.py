"""A vote on the pages: two networks, one's own ballot, and how it went."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.errors import CheckpointError
from mnistlab.experiments.verdict import image_difference, run_predictions
from mnistlab.home import Home
from mnistlab.markup import fill
from mnistlab.stats.score import Score
from mnistlab.store.classroom import people, votes
from mnistlab.store.classroom.votes import Vote
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.text import percent, quantity
from mnistlab.ui.common import html, page

LETTERS = ("A", "B")
ONE_SEED = "Each trained once: other seeds may differ."


def show_vote(home: Home) -> None:
    """The class's vote: the choice while it is open, then who thought what and how it went."""
    store = Store.of(home)
    vote = votes.current_vote(store)
    if vote is None:
        return
    with st.container(border=True, key="vote", gap="small"):
        st.html(fill('<div class="lab-task"><b>{}</b></div>', "Which will be more accurate?"))
        if vote.is_open:
            _show_choice(store, vote)
        else:
            _show_result(store, vote)


def _show_choice(store: Store, vote: Vote) -> None:
    person = store.actor.person or 0
    mine = votes.ballot_of(store, vote.id, person)
    columns = st.columns(2)
    for choice, (column, network) in enumerate(zip(columns, vote.networks, strict=True)):
        with column:
            st.html(_network(LETTERS[choice], network))
            st.button(
                f"{'You chose' if mine == choice else 'Choose'} {LETTERS[choice]}",
                type="primary" if mine == choice else "secondary",
                icon=":material/check:" if mine == choice else None,
                on_click=page.run_action,
                args=(partial(votes.cast_ballot, store), vote.id, choice),
                disabled=not person,
                key=f"vote{choice}",
                width="stretch",
            )
    n_people = len(people.people(store))
    st.html(
        html.live_text(
            f"{sum(vote.counts)} of {n_people} have voted. You may change your mind until the "
            "teacher closes the vote; then both train."
        )
    )


def _network(letter: str, network: Spec) -> object:
    total = summarize(network).total
    return html.labeled(letter, f"{total:,} parameters") + html.mono(str(network))


def _show_result(store: Store, vote: Vote) -> None:
    runs = _runs(store, vote)
    lines = [
        (
            letter,
            str(network),
            str(n_votes),
            _result(run, run.test if run else None),
            _result(run, run.best if run else None),
            f"{summarize(network).total:,}",
        )
        for letter, network, n_votes, run in zip(
            LETTERS, vote.networks, vote.counts, runs, strict=True
        )
    ]
    head = ("", "Network", "Votes", "Test", "Validation (best epoch)", "Parameters")
    st.html(html.table(head, lines, left=2, sums=False))
    st.html(html.verdict(_verdict(store, vote, runs)))
    current = people.the_class(store)
    if current and not current.rules.hides_names:
        for letter, names in zip(LETTERS, vote.names, strict=True):
            if names:
                st.html(html.caption(f"{letter}: {', '.join(names)}"))


def _runs(store: Store, vote: Vote) -> list[RunSummary | None]:
    """Both runs; None where one was deleted for good or cannot be read."""
    found = {run.id: run for run in store.runs(vote.runs or ())}
    return [found.get(run_id) for run_id in vote.runs or (0, 0)]


def _result(run: RunSummary | None, score: Score | None) -> str:
    if run is None:
        return "no run"
    if run.state.active:
        return run.state.value
    return percent(score.accuracy) if score else "–"


def _verdict(store: Store, vote: Vote, runs: Sequence[RunSummary | None]) -> str:
    """Which network won and how many thought so, once both runs have ended; that neither did, if
    the difference on the same test images is not significant.
    """
    if None in runs:
        return "One of the two runs was deleted."
    first, second = filter(None, runs)
    if first.state.active or second.state.active:
        return f"{quantity(sum(vote.counts), 'vote')}. The result stands here when both have ended."
    try:
        predictions = [run_predictions(store, run) for run in (first, second)]
        winner = int(predictions[1].score.errors < predictions[0].score.errors)
        margin = image_difference(predictions[1 - winner], predictions[winner])
    except CheckpointError as error:
        return f"No result: {error}"
    if not margin.difference:
        return "Not distinguishable: both classify as many test images correctly."
    by = f"{margin} on the same test images; McNemar's test: {margin.significance}"
    if not margin.significant:
        return f"Not distinguishable. {LETTERS[winner]} is ahead: {by}."
    n_right, n = vote.counts[winner], sum(vote.counts)
    return f"{LETTERS[winner]} is more accurate, as {n_right} of {n} thought: {by}. {ONE_SEED}"
