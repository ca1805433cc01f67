"""The server, and the page Home: draw a digit, see the networks by size and accuracy, open one.

`streamlit run app.py` imports this file for `app`, the server; the server then runs it as a script
for the page.
"""

import streamlit as st

from mnistlab.errors import CheckpointError, LabError
from mnistlab.experiments.reproduction import newest_runs, newest_student
from mnistlab.experiments.steps import STEPS, Distillation
from mnistlab.experiments.targets import Step
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.ui import server
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import page
from mnistlab.ui.home import about, first_screen, step_panel, stepper
from mnistlab.worker.source_search import pretrained_source


def show_home() -> None:
    new_page = page.setup("Home", "How small can a network be and still read handwriting?")
    show_prediction = first_screen.show(new_page, stepper.current(), stepper.select)
    step = STEPS[stepper.show() - 1]
    with st.container(key="step"):
        step_panel.show(step, own_run(step))
    columns = st.columns(3)
    for column, (label, icon, text) in zip(
        columns,
        (
            ("How training works", "model_training", about.TRAINING),
            ("About these numbers", "calculate", about.numbers()),
            ("Lesson plan", "school", about.lesson()),
        ),
        strict=True,
    ):
        with column, st.expander(label, icon=f":material/{icon}:"):
            st.markdown(text)
    show_prediction()


def own_run(step: Step) -> Run | None:
    """The user's newest run of a step's recipe, None if there is none."""
    try:
        store = Store.of(session_home())
        if isinstance(step, Distillation):
            summary = newest_student(store, step.spec, pretrained_source(step.teacher).short)
        else:
            summary = newest_runs(store).get(step.name)
        return store.run(summary.id) if summary else None
    except CheckpointError:
        return None  # the step itself shows that its teacher is damaged
    except LabError as error:
        page.show_warning(error)
        return None


if __name__ == "__main__":
    show_home()
else:
    server.check_home()
    server.import_ahead()
    app = st.App(__file__, routes=server.routes(), middleware=server.middleware())
