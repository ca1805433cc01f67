"""The article's ladder as values: each target's network, the article's way of training it, and what
a reader shall look for. The article gives no learning rates; they are this lab's.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from mnistlab.arch.presets import TARGETS, Preset, preset
from mnistlab.arch.spec import Spec
from mnistlab.data.kinds import Augmentation, Split
from mnistlab.training.recipe import Optimiser, Recipe, Schedule


class Length(StrEnum):
    """How long the ladder takes: the article's way in full, or a tenth of the digits."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Trial:
    """One thing to try: a switch (its name in `training.switches`) and what it answers."""

    switch: str
    says: str


@dataclass(frozen=True)
class Rung:
    """One target with its recipes under the article's split, and words for its reader.

    `way` says how it is trained and why so, `look` what its curves show, `trial` one thing to try.
    """

    preset: Preset
    full: Recipe
    quick: Recipe
    way: str
    look: str
    trial: Trial

    @property
    def spec(self) -> Spec:
        return self.preset.spec

    def recipe(self, length: Length, split: Split = Split.ARTICLE) -> Recipe:
        return replace(self.full if length is Length.FULL else self.quick, split=split)


ARTICLE = Recipe(
    optimiser=Optimiser.ADAM,
    schedule=Schedule.CONSTANT,
    batch_size=64,
    epochs=40,
    weight_decay=0.0,
    augmentation=Augmentation.NONE,
    split=Split.ARTICLE,
)
QUICK_DIGITS = 6_000
"""A tenth of the training digits: with so few a network learns them by heart within 20 epochs,
which takes 60,000 digits much longer, so the last step still shows what it is for."""


def _rung(name: str, full: Recipe, quick_epochs: int, way: str, look: str, trial: Trial) -> Rung:
    found = preset(name)
    assert found is not None
    quick = replace(full, epochs=quick_epochs, subset=QUICK_DIGITS)
    return Rung(found, full, quick, way, look, trial)


RUNGS = (
    _rung(
        "target-1",
        replace(ARTICLE, learning_rate=0.0003, epochs=20),
        6,
        "A small learning rate, the same from first to last: at 0.001 this network never begins to "
        "learn and stays at 11.35 %, which is what answering 1 to every digit gives.",
        "The training curve runs towards 100 %, the validation curve stops below it: with 27 "
        "parameters for every training digit, learning them by heart is easy.",
        Trial("filters-halved", "A quarter of the parameters: is it a quarter worse?"),
    ),
    _rung(
        "target-2",
        replace(ARTICLE, learning_rate=0.001),
        20,
        "An epoch takes a tenth of target 1's time, so it gets twice as many. A narrow network "
        "bears a higher learning rate.",
        "The curves begin lower and climb more slowly, and end only a little below target 1's.",
        Trial("partial-transition", "Without the partial transition: what does the squeeze cost?"),
    ),
    _rung(
        "target-3",
        replace(ARTICLE, learning_rate=0.003),
        20,
        "Batch norm bears three times the learning rate. The rate stays fixed, so the accuracy "
        "oscillates, and the weights of the best epoch are kept.",
        "It climbs much faster than the step before. Then the validation curve jumps up and down "
        "while the training curve creeps on: a gap opens between them.",
        Trial("learning-rate", "Let the learning rate fall here already: does that close the gap?"),
    ),
    _rung(
        "target-4",
        replace(ARTICLE, learning_rate=0.003, schedule=Schedule.PLATEAU, batch_size=128),
        20,
        "The learning rate is halved whenever the best epoch is three epochs old, and a batch is "
        "twice as large: its steps are surer.",
        "The gap narrows: dropout holds the training curve back, the validation curve rises above "
        "the step before, and it calms down each time the learning rate falls.",
        Trial("dropout-0.2", "Four times the dropout: does more help more?"),
    ),
)
assert tuple(rung.preset for rung in RUNGS) == TARGETS


def rung(name: str) -> Rung | None:
    """Find a rung by its preset's name, None if there is none."""
    return next((each for each in RUNGS if each.preset.name == name), None)
