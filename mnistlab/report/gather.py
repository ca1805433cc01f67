"""Reports from the store: of a ladder, of one choice switched, of runs."""

from collections.abc import Sequence
from dataclasses import fields, replace

from mnistlab.arch.ledger import BUDGET, ledger
from mnistlab.arch.presets import GOAL_ACCURACY, reported
from mnistlab.charts import epochs as charts
from mnistlab.charts import ladder as ladder_charts
from mnistlab.data.dataset import MNIST
from mnistlab.data.kinds import Split
from mnistlab.report import words
from mnistlab.report.document import Report, Section, Table
from mnistlab.runs import ablation as ablations
from mnistlab.runs import ladder as ladders
from mnistlab.runs.ablation import Ablation
from mnistlab.runs.compare import differences, differing, recipe_value
from mnistlab.runs.ladder import Climb, Step
from mnistlab.runs.outcome import interval, table
from mnistlab.runs.state import Run
from mnistlab.runs.store import Store
from mnistlab.training.against import against
from mnistlab.training.effect import verdict
from mnistlab.training.epoch import best
from mnistlab.training.ladder import Length
from mnistlab.training.score import percent
from mnistlab.training.suggest import command


def ladder(store: Store, climb: Climb) -> Report:
    """All four targets as far as they were trained."""
    steps = ladders.steps(store, climb)
    runs = [run for step in steps for run in step.runs]
    groups = [(step.rung.preset.label, step.runs) for step in steps]
    longest = max(step.recipe.epochs for step in steps)
    digits = "" if climb.length is Length.FULL else f", {steps[0].recipe.available_images:,} images"
    seeds = f"{len(climb.seeds)} seed{'s' * (len(climb.seeds) > 1)}"
    head, *rows = table(steps)
    overview = Section(
        title="Overview",
        target=(
            f"Reach {percent(GOAL_ACCURACY)} on {MNIST.name} with fewer than {BUDGET:,} "
            f"parameters, in {len(steps)} steps.",
        ),
        result=(climb.split.selection, f"The {climb.length} ladder{digits}, {seeds}."),
        questions=("Which of the steps gained most, and is that more than the intervals?",),
        tables=(Table(head, tuple(rows)),),
        figures=(ladder_charts.over(groups, longest),) if runs else (),
    )
    sections = [
        _rung(step, before, climb) for step, before in zip(steps, [None, *steps], strict=False)
    ]
    again = _command("ladder", climb.length, climb.split, len(climb.seeds), usual=1)
    commands = [again, *(command(step.rung.spec, step.recipe) for step in steps)]
    return Report(
        "The ladder", overview, tuple(sections), tuple(commands), words.made_with(store, runs)
    )


def _rung(step: Step, before: Step | None, climb: Climb) -> Section:
    preset = step.rung.preset
    article = preset.article
    assert article is not None
    target = [f"{step.rung.question} {step.rung.change}", step.rung.way]
    given = f"The article: {article.parameters:,} parameters, train {percent(article.train / 100)}"
    target.append(
        f"{given}, validation {percent(article.validation / 100)}."
        if article.validation
        else f"{given}."
    )
    result = [f"{ledger(preset.spec).total:,} parameters."]
    result += [sentence for run in step.runs for sentence in words.came_to(run)]
    first = next(iter(step.ended), None)
    if step.ended and climb.length is Length.FULL and climb.split is Split.ARTICLE:
        ended = [(run.epochs, kept) for run in step.ended if (kept := best(run.epochs))]
        result += map(str, against(article, ended))
    tables = []
    if before:
        ways = [(each.rung.spec, each.recipe) for each in (before, step)]
        head = ("what changes", before.rung.preset.label, preset.label)
        tables.append(Table(head, tuple((d.choice, *d.values) for d in differing(ways))))
    return Section(
        title=f"{preset.label}: {preset.title}",
        target=tuple(target),
        result=tuple(result) if step.runs else (*result, "Not trained yet."),
        questions=step.rung.discuss,
        tables=tuple(tables),
        figures=(charts.accuracy(first.epochs, len(first.epochs), first.best_epoch, article),)
        if first
        else (),
    )


def ablation(store: Store, study: Ablation) -> Report:
    """One choice switched, as far as it was trained."""
    before, after = ablations.runs(store, study)
    (as_is, _), (changed, _) = study.ways
    rows = [
        (f"seed {seed}", *(_best(runs.get(seed)) for runs in (before, after)))
        for seed in study.seeds
    ]
    found = ablations.effect(store, before, after)
    result = [verdict(study.switch.label, found)] if found else ["Not trained yet."]
    groups = [(as_is, tuple(before.values())), (changed, tuple(after.values()))]
    runs = [*before.values(), *after.values()]
    section = Section(
        title=changed,
        target=(
            f"What does it do to {study.rung.preset.label.lower()}: {study.switch.label}? All else "
            f"is the same, the seeds too. The network then is {study.switch.spec}, with "
            f"{ledger(study.switch.spec).total:,} parameters.",
        ),
        result=(*result, study.recipe.split.selection),
        questions=words.ABLATION,
        tables=(Table(("", as_is, changed), tuple(rows)),),
        figures=(ladder_charts.over(groups, study.recipe.epochs),) if runs else (),
    )
    length = Length.QUICK if study.recipe.subset else Length.FULL
    what = f"ablate {study.rung.preset.name} {study.switch.name}"
    again = _command(what, length, study.recipe.split, len(study.seeds), usual=3)
    each = [command(way.spec, way.recipe) for _, way in study.ways]
    made_with = words.made_with(store, runs)
    return Report("One choice switched", None, (section,), (again, *each), made_with)


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({interval(run.best)}), epoch {run.best_epoch}"


def runs(store: Store, chosen: Sequence[Run]) -> Report:
    """One run, or several beside each other."""
    overview = None
    if len(chosen) > 1:
        names = tuple(f"{run.id} · {run.name}" for run in chosen)
        rows = tuple((d.choice, *d.values) for d in differences(chosen))
        groups = [(name, (run,)) for name, run in zip(names, chosen, strict=True)]
        same = len({(run.spec, replace(run.recipe, seed=0)) for run in chosen}) == 1
        overview = Section(
            title="Overview",
            target=("What differs between these runs, and what came of it?",),
            result=(
                *(f"{n}: {r.best or r.test or '–'}" for n, r in zip(names, chosen, strict=True)),
                *(words.over_seeds(chosen) if same else ()),
            ),
            questions=("Are the differences more than their intervals?",),
            tables=(Table(("", *names), rows),) if rows else (),
            figures=(ladder_charts.over(groups, max(r.recipe.epochs for r in chosen)),),
        )
    commands = dict.fromkeys(command(run.spec, run.recipe) for run in chosen)
    title = f"Run {chosen[0].id}: {chosen[0].name}" if len(chosen) == 1 else "Runs"
    made_with = words.made_with(store, chosen)
    return Report(title, overview, tuple(map(_run, chosen)), tuple(commands), made_with)


def _run(run: Run) -> Section:
    planned, article = run.recipe.epochs, reported(run.spec)
    choices = [("network", str(run.spec)), ("parameters", f"{run.parameters:,}")]
    choices += [
        (f.name.replace("_", " "), recipe_value(run.recipe, f.name)) for f in fields(run.recipe)
    ]
    figures = (
        charts.accuracy(run.epochs, planned, run.best_epoch, article),
        charts.loss(run.epochs, planned),
        charts.gap(run.epochs, planned),
    )
    return Section(
        title=f"Run {run.id}: {run.name}",
        target=("What does this network reach?", *([f"Trained by {run.who}."] if run.who else [])),
        result=(*words.came_to(run), run.recipe.split.selection),
        questions=words.RUN,
        tables=(Table(("choice", "value"), tuple(choices)),),
        figures=figures if run.epochs else (),
        notes=run.notes,
    )


def _command(what: str, length: Length, split: Split, seeds: int, usual: int) -> str:
    """What to type for it all, without what is usual."""
    options = [
        "--quick" * (length is Length.QUICK),
        f"--split {split}" * (split is not Split.ARTICLE),
        f"--seeds {seeds}" * (seeds != usual),
    ]
    return " ".join(["python -m mnistlab", what, *filter(None, options)])
