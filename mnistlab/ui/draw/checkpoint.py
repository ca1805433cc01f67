"""The checkpoint that predicts, also from the address.

`?run=3` selects a run's, `?run=3,5` compares several, `?checkpoint=smallest` selects a pretrained
one.
"""

from collections.abc import Sequence

import streamlit as st

from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import checkpoints, html, page, run_picker
from mnistlab.ui.common.checkpoints import CheckpointChoice, CheckpointList
from mnistlab.ui.common.run_picker import run_ids
from mnistlab.ui.common.stable_select import select_one
from mnistlab.ui.downloads.take_home import downloads
from mnistlab.ui.draw.compare import COMPARED

PARAMETER = "checkpoint"
"""The name of a pretrained checkpoint in the address, until another one is selected."""
SELECTED = "checkpoint_path"
"""Where the session keeps the path of the selected checkpoint."""
LINKED = "linked_runs"
"""Where the session keeps the address that the selection was last taken from."""


def available() -> tuple[CheckpointList, bool]:
    """The checkpoints, and whether the address has just asked to compare some of them.

    Warns about unreadable ones, and about runs in the address without a checkpoint.
    """
    state, text = st.session_state, str(st.query_params.get(run_picker.PARAMETER, ""))
    run_numbers = run_ids(text)
    found = checkpoints.find(session_home(), run_numbers)
    for error_text in found.errors:
        page.show_warning(error_text)
    paths = [path for number in run_numbers if (path := found.path_of_run(number))]
    if text and len(paths) < max(1, len(run_numbers)):
        page.show_warning(_missing(text, [n for n in run_numbers if not found.path_of_run(n)]))
    name = str(st.query_params.get(PARAMETER, ""))
    is_new = (text, name) != state.get(LINKED, ("", ""))
    state[LINKED] = text, name
    if is_new and (path := found.path_of_pretrained(name)):
        state[SELECTED] = path
    if not is_new or not paths:
        return found, False
    state[SELECTED] = paths[0]
    if len(paths) > 1:
        state[COMPARED] = paths
    return found, len(paths) > 1


def _missing(text: str, run_numbers: Sequence[int]) -> str:
    """What the address names, but has no checkpoint."""
    if not run_numbers:
        return f"Run {text[:20]} not found. Choose a checkpoint below."
    try:
        runs = {run.id: run for run in Store.of(session_home()).runs(run_numbers)}
    except StoreError:
        runs = {}
    sentences = []
    for number in run_numbers:
        run = runs.get(number)
        if run is None:
            sentences.append(f"Run {number} not found.")
        elif run.deleted is not None:
            sentences.append(f"Run {number} is in the trash.")
        else:
            sentences.append(f"Run {number} has no checkpoint: it has finished no epoch.")
    return f"{' '.join(sentences)} Choose a checkpoint below."


def choose(found: CheckpointList) -> CheckpointChoice:
    """The select box; the address follows it."""

    def update_address() -> None:
        choice = found.choices.get(st.session_state[SELECTED])
        st.query_params.pop(PARAMETER, None)
        if choice is None or choice.run_id is None:
            st.query_params.pop(run_picker.PARAMETER, None)
        else:
            st.query_params[run_picker.PARAMETER] = str(choice.run_id)
        st.session_state[LINKED] = str(st.query_params.get(run_picker.PARAMETER, "")), ""

    key = select_one(
        "Checkpoint",
        found.labels,
        SELECTED,
        on_change=update_address,
        help="First Sketch, trained for drawings, then the most accurate. “Optimistic”: the epoch "
        "was selected on the test images that measure its accuracy.",
    )
    return found.choices[key]


def take_home(choice: CheckpointChoice) -> None:
    """A popover that downloads the checkpoint as files that need no mnistlab."""
    with st.popover("Export network", icon=":material/download:"):
        st.html(html.caption("The selected checkpoint, for computers without mnistlab."))
        stem = choice.path.stem if choice.run_id is None else f"run{choice.run_id}"
        downloads(choice.path, choice.name, stem)
