"""What to try next and what to give up, asked of Optuna.

Optuna's study lives no longer than an answer: it is made of the search's runs each time, and the
random numbers of a suggestion depend on the search's seed and the number of runs alone. So a search
goes on after any interruption as if there had been none. The sampler is the tree-structured Parzen
estimator (J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011): ten random
trials, then what is likelier among the best than among the others.
"""

from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import numpy as np

from mnistlab.arch.spec import Spec, SpecError
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.experiments.search.search import Search
from mnistlab.experiments.search.search_space import SPACE, design
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request, Run, State

MAX_SUGGESTIONS = 1000
"""For one trial. Of random ones, 89% are within 15,000 parameters, 3% within 3,000."""
MIN_COMPLETE = 5
"""Trials that must be done before one is given up."""


def check() -> None:
    """Raise LabError if Optuna is not installed."""
    if find_spec("optuna") is None:
        raise LabError(
            "Optuna is not installed. Install it with `pip install -r requirements-search.txt`."
        )


def suggest(search: Search, runs: Sequence[Run]) -> tuple[Spec, Recipe]:
    """The next network within the budget and its recipe, of which there is no run yet.

    Raises LabError if there is none among MAX_SUGGESTIONS.
    """
    study = _study(search, runs)
    tried = {(run.spec, run.recipe) for run in runs}
    for _ in range(MAX_SUGGESTIONS):
        trial = study.ask(_distributions())
        spec, recipe = design(trial.params, search.recipe)
        with suppress(SpecError):
            if summarize(spec).total <= search.budget and (spec, recipe) not in tried:
                return spec, recipe
        study.tell(trial, state=_optuna().trial.TrialState.FAIL)
    raise LabError(
        f"None of {MAX_SUGGESTIONS:,} suggested networks has at most {search.budget:,} parameters. "
        "Choose a larger --budget."
    )


def hopeless(search: Search, runs: Sequence[Run]) -> list[Run]:
    """The running trials to stop: their best epoch is below the median of the done trials' best
    ones up to the same epoch.
    """
    study = _study(search, runs)
    return [
        run
        for run, trial in zip(runs, study.get_trials(deepcopy=False), strict=True)
        if run.state is State.RUNNING
        and run.request is Request.NONE
        and run.epochs_done < search.epochs
        and study.pruner.prune(study, trial)
    ]


def _study(search: Search, runs: Sequence[Run]) -> Any:
    """The runs as Optuna's study, a trial for each."""
    optuna = _optuna()
    # Neighboring seeds and trials must have nothing in common.
    seed = int(np.random.SeedSequence([search.seed, len(runs)]).generate_state(1)[0])
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=MIN_COMPLETE),
    )
    distributions = _distributions()
    for run in runs:
        parameters = search.parameters_of(run)
        assert parameters is not None
        accuracies = {epoch.number: epoch.validation_accuracy for epoch in run.epochs}
        study.add_trial(
            optuna.trial.create_trial(
                state=_state(run),
                value=max(accuracies.values()) if run.state is State.DONE else None,
                params=dict(parameters),
                distributions={name: distributions[name] for name in parameters},
                intermediate_values=accuracies,
            )
        )
    return study


def _state(run: Run) -> Any:
    """What Optuna calls a run's state. One that will be resumed counts as running."""
    states = _optuna().trial.TrialState
    match run.state:
        case State.DONE:
            return states.COMPLETE
        case State.FAILED:  # nearly always by its loss: as bad as one that was stopped
            return states.PRUNED
        case State.STOPPED:
            return states.PRUNED if run.epochs else states.FAIL
    return states.RUNNING


def _distributions() -> dict[str, Any]:
    """The whole space; of a suggestion, `design` takes what its template has."""
    optuna = _optuna().distributions
    result: dict[str, Any] = {}
    for name, values in SPACE.items():
        if isinstance(values, tuple):
            result[name] = optuna.CategoricalDistribution(values)
        elif values.is_whole:
            result[name] = optuna.IntDistribution(values.low, values.high, log=values.is_log)
        else:
            ends = values.low, values.high
            result[name] = optuna.FloatDistribution(*ends, step=values.step, log=values.is_log)
    return result


def _optuna() -> Any:
    """The library, which is optional and tells a terminal nothing but errors."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
