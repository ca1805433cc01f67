"""Reports from the store: of a ladder, of one choice switched, of runs."""

from collections.abc import Sequence
from dataclasses import fields, replace

from mnistlab.arch.presets import GOAL_ACCURACY, article_result
from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.charts import epochs as charts
from mnistlab.charts import target_curves as ladder_charts
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Split
from mnistlab.experiments import ablation as ablations
from mnistlab.experiments import reproduction as ladders
from mnistlab.experiments.ablation import Ablation
from mnistlab.experiments.article import compare_with_article
from mnistlab.experiments.differences import config_differences, differences, recipe_value
from mnistlab.experiments.reproduction import Reproduction, TargetRuns
from mnistlab.experiments.results_table import interval_text, results_table
from mnistlab.experiments.targets import Length
from mnistlab.report import text
from mnistlab.report.document import Report, Section, Table
from mnistlab.stats.difference import describe
from mnistlab.stats.score import percent
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.training.defaults import train_command
from mnistlab.training.epoch import best


def reproduction_report(store: Store, reproduction: Reproduction) -> Report:
    """All four targets as far as they were trained."""
    steps = ladders.target_runs(store, reproduction)
    runs = [run for step in steps for run in step.runs]
    groups = [(step.target.preset.label, step.runs) for step in steps]
    longest = max(step.recipe.epochs for step in steps)
    digits = (
        ""
        if reproduction.length is Length.FULL
        else f", {steps[0].recipe.available_images:,} images"
    )
    seeds = f"{len(reproduction.seeds)} seed{'s' * (len(reproduction.seeds) > 1)}"
    head, *rows = results_table(steps)
    overview = Section(
        title="Overview",
        target=(
            f"Reach {percent(GOAL_ACCURACY)} on {MNIST.name} with fewer than {BUDGET:,} "
            f"parameters, in {len(steps)} steps.",
        ),
        result=(
            reproduction.split.selection,
            f"The {reproduction.length} ladder{digits}, {seeds}.",
        ),
        questions=("Which of the steps gained most, and is that more than the intervals?",),
        tables=(Table(head, tuple(rows)),),
        figures=(ladder_charts.grouped_curves(groups, longest),) if runs else (),
    )
    sections = [
        _rung(step, before, reproduction)
        for step, before in zip(steps, [None, *steps], strict=False)
    ]
    again = _command(
        "ladder", reproduction.length, reproduction.split, len(reproduction.seeds), usual=1
    )
    commands = [again, *(train_command(step.target.spec, step.recipe) for step in steps)]
    return Report(
        "The ladder", overview, tuple(sections), tuple(commands), text.made_with(store, runs)
    )


def _rung(step: TargetRuns, before: TargetRuns | None, reproduction: Reproduction) -> Section:
    preset = step.target.preset
    article = preset.article
    assert article is not None
    target = [f"{step.target.question} {step.target.change}", step.target.training_notes]
    given = f"The article: {article.parameters:,} parameters, train {percent(article.train / 100)}"
    target.append(
        f"{given}, validation {percent(article.validation / 100)}."
        if article.validation
        else f"{given}."
    )
    result = [f"{summarize(preset.spec).total:,} parameters."]
    result += [sentence for run in step.runs for sentence in text.result_text(run)]
    first = next(iter(step.finished), None)
    if step.finished and reproduction.length is Length.FULL and reproduction.split is Split.ARTICLE:
        ended = [(run.epochs, kept) for run in step.finished if (kept := best(run.epochs))]
        result += map(str, compare_with_article(article, ended))
    tables = []
    if before:
        ways = [(each.target.spec, each.recipe) for each in (before, step)]
        head = ("what changes", before.target.preset.label, preset.label)
        tables.append(Table(head, tuple((d.setting, *d.values) for d in config_differences(ways))))
    return Section(
        title=f"{preset.label}: {preset.title}",
        target=tuple(target),
        result=tuple(result) if step.runs else (*result, "Not trained yet."),
        questions=step.target.discuss,
        tables=tuple(tables),
        figures=(charts.accuracy(first.epochs, len(first.epochs), first.best_epoch, article),)
        if first
        else (),
    )


def ablation_report(store: Store, study: Ablation) -> Report:
    """One choice switched, as far as it was trained."""
    before, after = ablations.ablation_runs(store, study)
    (as_is, _), (changed, _) = study.configs
    rows = [
        (f"seed {seed}", *(_best(runs.get(seed)) for runs in (before, after)))
        for seed in study.seeds
    ]
    found = ablations.accuracy_difference(store, before, after)
    result = [describe(study.variant.label, found)] if found else ["Not trained yet."]
    groups = [(as_is, tuple(before.values())), (changed, tuple(after.values()))]
    runs = [*before.values(), *after.values()]
    section = Section(
        title=changed,
        target=(
            f"What does it do to {study.target.preset.label.lower()}: {study.variant.label}? All "
            "else "
            f"is the same, the seeds too. The network then is {study.variant.spec}, with "
            f"{summarize(study.variant.spec).total:,} parameters.",
        ),
        result=(*result, study.recipe.split.selection),
        questions=text.ABLATION,
        tables=(Table(("", as_is, changed), tuple(rows)),),
        figures=(ladder_charts.grouped_curves(groups, study.recipe.epochs),) if runs else (),
    )
    length = Length.QUICK if study.recipe.train_size else Length.FULL
    what = f"ablate {study.target.preset.name} {study.variant.name}"
    again = _command(what, length, study.recipe.split, len(study.seeds), usual=3)
    each = [train_command(way.spec, way.recipe) for _, way in study.configs]
    made_with = text.made_with(store, runs)
    return Report("One choice switched", None, (section,), (again, *each), made_with)


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({interval_text(run.best)}), epoch {run.best_epoch}"


def runs_report(store: Store, chosen: Sequence[Run]) -> Report:
    """One run, or several beside each other."""
    overview = None
    if len(chosen) > 1:
        names = tuple(f"{run.id} · {run.name}" for run in chosen)
        rows = tuple((d.setting, *d.values) for d in differences(chosen))
        groups = [(name, (run,)) for name, run in zip(names, chosen, strict=True)]
        same = len({(run.spec, replace(run.recipe, seed=0)) for run in chosen}) == 1
        overview = Section(
            title="Overview",
            target=("What differs between these runs, and what came of it?",),
            result=(
                *(f"{n}: {r.best or r.test or '–'}" for n, r in zip(names, chosen, strict=True)),
                *(text.over_seeds(chosen) if same else ()),
            ),
            questions=("Are the differences more than their intervals?",),
            tables=(Table(("", *names), rows),) if rows else (),
            figures=(ladder_charts.grouped_curves(groups, max(r.recipe.epochs for r in chosen)),),
        )
    commands = dict.fromkeys(train_command(run.spec, run.recipe) for run in chosen)
    title = f"Run {chosen[0].id}: {chosen[0].name}" if len(chosen) == 1 else "Runs"
    made_with = text.made_with(store, chosen)
    return Report(title, overview, tuple(map(_run, chosen)), tuple(commands), made_with)


def _run(run: Run) -> Section:
    planned, article = run.recipe.epochs, article_result(run.spec)
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
        target=(
            "What does this network reach?",
            *([f"Trained by {run.owner}."] if run.owner else []),
        ),
        result=(*text.result_text(run), run.recipe.split.selection),
        questions=text.RUN,
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
