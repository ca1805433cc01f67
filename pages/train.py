"""Train: choose a network and a recipe, start a run, and watch its epochs."""

from functools import partial

import streamlit as st

from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import newest
from mnistlab.ui.classroom.lesson.panel import show_lesson
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.classroom.session_task import parameter_limit
from mnistlab.ui.common import current_network, get_mnist, html, page, run_picker
from mnistlab.ui.train import (
    choices,
    limits,
    live,
    outcome,
    queue,
    recipe_choice,
    sources,
    start,
    watched,
)
from mnistlab.ui.train.recipe import show_settings
from mnistlab.ui.train.start import Submission
from mnistlab.worker.processes import ensure_idle_worker, ensure_workers

home = session_home()
store = Store.of(home)

problem = recipe_choice.read_address()
if problem is None or not problem.is_error:
    # Set before anything is shown, so that a reload at any moment finds the same.
    recipe_choice.write_address()
if page.setup("Train", "Train a network"):
    watched.add_ended(store)
if problem:
    choices.show_problem(problem)
lesson = st.container(gap="small")
# In the order of a phone, what is chosen before the button; style.css says what is beside what.
with st.container(key="train_grid"):
    choice_place = st.container(horizontal=True, vertical_alignment="bottom", key="train_choices")
    recipe_place = st.container(key="train_recipe")
    start_place = st.container(horizontal=True, vertical_alignment="bottom", key="train_start")
    run_place = st.container(key="train_runs")

spec = current_network.current()
recent = start.recent_runs(home)
submission: Submission | None = None
recipe: Recipe | None = None
with choice_place:
    network = choices.choose_network()
    choices.choose_source(spec)
    name, owner = choices.choose_names(network)
    try:
        recipe = recipe_choice.recipe(spec)
        if not (problem and problem.is_error):
            submission = Submission(name, spec, recipe, owner)
    except LabError as error:
        page.show_error(error)
    with lesson:
        if not show_lesson(home, spec, recipe, choices.open_network, choices.use_own_recipe):
            submission = None
with start_place:
    is_pressed = st.button(
        "Start training", type="primary", icon=":material/play_arrow:", disabled=submission is None
    )
    st.html(start.expected_time(submission, recent))

with recipe_place:
    st.html(html.budget_bar(summarize(spec).total, parameter_limit()) + html.mono(str(spec)))
    if recipe:
        st.html(html.caption(str(recipe)))
        sources.show_names(recipe)
    show_settings(spec, recipe)
    get_mnist.show("train", "The first run downloads it, too.")

with run_place:
    try:
        if is_pressed and submission:
            watched.add(store, limits.limited(partial(submission.submit, home)))
        ensure_workers(home)
        ensure_idle_worker(home)
        # The first one is shown if none was selected: rather one that trains than one that waits.
        offered = sorted(newest(store, 50), key=lambda run: run.state is not State.RUNNING)
        selected_ids = run_picker.choose_runs(store, offered)
        if not selected_ids:
            if pressed := start.choose_short_run(submission, recent):
                watched.add(store, limits.limited(partial(pressed.submit, home)))
                st.rerun()
            st.stop()
        selected = store.runs(selected_ids)
    except LabError as error:
        page.show_error(error)
        st.stop()

    def draw(store: Store) -> None:
        """The selected runs and the queue, as they are now."""
        runs = store.runs(selected_ids)
        outcome.show(home, runs)
        live.show_runs(home, runs)
        queue.show(home)

    live.auto_refresh(home, selected, draw)
