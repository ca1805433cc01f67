"""The task of the class that a session belongs to, and which controls it locks for this person."""

from dataclasses import replace
from functools import lru_cache

from mnistlab.actor import OPERATOR
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import BUDGET
from mnistlab.classroom import task as tasks
from mnistlab.classroom.task import Control, Task
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import current_task
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import FileState, Store
from mnistlab.ui.classroom.session import session_home

UNLOCKED: frozenset[Control] = frozenset()


def session_task() -> Task | None:
    """The class's task; None in a lab without a class, without a task, or if the store cannot be
    read, which the page itself says.
    """
    home = session_home()
    if not home.is_class:
        return None
    try:
        return _task(replace(home, actor=OPERATOR), Store(home.runs).file_state())
    except StoreError:
        return None


def locked() -> frozenset[Control]:
    """The controls that this person may not change; the teacher may change all."""
    task = _binding()
    return task.locked if task else UNLOCKED


def parameter_limit() -> int:
    """What a network's parameters are held against: the task's limit, or else the budget."""
    task = session_task()
    return task.max_parameters or BUDGET if task else BUDGET


def network_problem(spec: Spec) -> str:
    """Why this person may not train a network under the task; empty if they may."""
    task = _binding()
    return tasks.network_problem(task, spec) if task else ""


def recipe_problem(recipe: Recipe) -> str:
    """Why this person may not train with a recipe under the task; empty if they may."""
    task = _binding()
    return tasks.recipe_problem(task, recipe) if task else ""


def _binding() -> Task | None:
    return None if session_home().actor.is_teacher else session_task()


# Every control of a page asks; the answer only changes with the store.
@lru_cache(maxsize=64)
def _task(home: Home, state: FileState) -> Task | None:
    return current_task.current_task(Store(home.runs))
