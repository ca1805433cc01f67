"""A class with a teacher and two students, as tests need it."""

from dataclasses import dataclass
from pathlib import Path

from mnistlab.arch.presets import PRESETS
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import people
from mnistlab.store.store import Store

SPEC, RECIPE = PRESETS[3].spec, Recipe(epochs=2)


@dataclass(frozen=True)
class ExampleClass:
    """The store as each of them acts on it, and as the lab itself and a stranger do."""

    home: Home
    lab: Store
    teacher: Store
    ada: Store
    bob: Store
    visitor: Store


def open_example(root: Path) -> ExampleClass:
    """Open a class below `root` that Ada and Bob join."""
    home = Home(root).of_class("7b")
    lab = Store(home.runs)
    teacher = people.open_class(lab, "7b")
    ada, bob = (people.join(lab, name) for name in ("Ada", "Bob"))
    return ExampleClass(
        home,
        lab,
        Store(home.runs, actor=teacher.actor),
        Store(home.runs, actor=ada.actor),
        Store(home.runs, actor=bob.actor),
        Store(home.runs, actor=people.actor_of(lab, "")),
    )
