"""Reports from the store: of the reproduced article, of an ablation, of any runs."""

from collections.abc import Sequence
from dataclasses import replace

from mnistlab.arch.presets import TARGET_ACCURACY, article_result
from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.charts import epochs as charts
from mnistlab.charts import target_curves as target_charts
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Split
from mnistlab.experiments import ablation as ablations
from mnistlab.experiments.ablation import Ablation
from mnistlab.experiments.article import compare_with_article
from mnistlab.experiments.differences import (
    config_differences,
    differences,
    recipe_settings,
    source_names,
)
from mnistlab.experiments.reproduction import Reproduction, TargetRuns, target_runs
from mnistlab.experiments.results_table import best_epoch_text, results_table
from mnistlab.experiments.targets import Length
from mnistlab.recipe.defaults import train_command
from mnistlab.report import text
from mnistlab.report.document import Report, Section, Table
from mnistlab.stats.difference import describe
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.text import percent, quantity
from mnistlab.training.epoch import best


def reproduction_report(store: Store, reproduction: Reproduction) -> Report:
    """All four targets, as far as they are trained."""
    targets = target_runs(store, reproduction)
    runs = [run for each in targets for run in each.runs]
    groups = [(each.target.preset.label, each.runs) for each in targets]
    max_epochs = max(each.recipe.epochs for each in targets)
    images = (
        ""
        if reproduction.length is Length.FULL
        else f", {targets[0].recipe.available_images:,} images"
    )
    seeds = quantity(len(reproduction.seeds), "seed")
    head, *rows = results_table(targets)
    overview = Section(
        title="Overview",
        target=(
            f"Reach {percent(TARGET_ACCURACY)} on {MNIST.name} with fewer than {BUDGET:,} "
            f"parameters, in {len(targets)} steps.",
        ),
        result=(
            reproduction.split.selection,
            f"Duration: {reproduction.length}{images}; {seeds}.",
        ),
        questions=("Which target gained most, and is the gain significant?",),
        tables=(Table(head, tuple(rows)),),
        figures=(target_charts.grouped_curves(groups, max_epochs),) if runs else (),
    )
    sections = [
        _target_section(each, previous, reproduction)
        for each, previous in zip(targets, [None, *targets], strict=False)
    ]
    command = _command(
        "reproduce",
        reproduction.length,
        reproduction.split,
        len(reproduction.seeds),
        default_seeds=1,
    )
    commands = [command, *(train_command(each.target.spec, each.recipe) for each in targets)]
    return Report(
        "Reproduction of the article",
        overview,
        tuple(sections),
        tuple(commands),
        text.made_with(store, runs),
    )


def _target_section(
    runs: TargetRuns, previous: TargetRuns | None, reproduction: Reproduction
) -> Section:
    preset = runs.target.preset
    article = preset.article
    assert article is not None
    target = [f"{runs.target.question} {runs.target.change}", runs.target.training_notes]
    in_article = (
        f"The article: {article.parameters:,} parameters, train {percent(article.train / 100)}"
    )
    target.append(
        f"{in_article}, validation {percent(article.validation / 100)}."
        if article.validation
        else f"{in_article}."
    )
    result = [f"{summarize(preset.spec).total:,} parameters."]
    result += [sentence for run in runs.runs for sentence in text.result_text(run)]
    first = next(iter(runs.finished), None)
    if runs.finished and reproduction.length is Length.FULL and reproduction.split is Split.ARTICLE:
        ended = [(run.epochs, epoch) for run in runs.finished if (epoch := best(run.epochs))]
        result += map(str, compare_with_article(article, ended))
    tables = []
    if previous:
        configs = [(each.target.spec, each.recipe) for each in (previous, runs)]
        head = ("setting", previous.target.preset.label, preset.label)
        rows = tuple((each.setting, *each.values) for each in config_differences(configs))
        tables.append(Table(head, rows))
    return Section(
        title=f"{preset.label}: {preset.title}",
        target=tuple(target),
        result=tuple(result) if runs.runs else (*result, "Not trained yet."),
        questions=runs.target.discuss,
        tables=tuple(tables),
        figures=(charts.accuracy(first.epochs, len(first.epochs), first.best_epoch, article),)
        if first
        else (),
    )


def ablation_report(store: Store, study: Ablation) -> Report:
    """An ablation, as far as it is trained."""
    baseline, variant = ablations.ablation_runs(store, study)
    (baseline_name, _), (variant_name, _) = study.configs
    rows = [
        (f"seed {seed}", *(best_epoch_text(runs.get(seed)) for runs in (baseline, variant)))
        for seed in study.seeds
    ]
    difference = ablations.accuracy_difference(store, baseline, variant)
    result = [describe(study.variant.label, difference)] if difference else ["Not trained yet."]
    groups = [
        (baseline_name, tuple(baseline.values())),
        (variant_name, tuple(variant.values())),
    ]
    runs = [*baseline.values(), *variant.values()]
    section = Section(
        title=variant_name,
        target=(
            f"How does this change {study.target.preset.label.lower()}: {study.variant.label}? "
            "Everything else is the same, including the seeds. The variant is "
            f"{study.variant.spec}, with {summarize(study.variant.spec).total:,} parameters.",
        ),
        result=(*result, study.recipe.split.selection),
        questions=text.ABLATION,
        tables=(Table(("", baseline_name, variant_name), tuple(rows)),),
        figures=(target_charts.grouped_curves(groups, study.recipe.epochs),) if runs else (),
    )
    length = Length.QUICK if study.recipe.train_size else Length.FULL
    ablate = f"ablate {study.target.preset.name} {study.variant.name}"
    command = _command(ablate, length, study.recipe.split, len(study.seeds), default_seeds=3)
    commands = [train_command(config.spec, config.recipe) for _, config in study.configs]
    made_with = text.made_with(store, runs)
    return Report("Ablation", None, (section,), (command, *commands), made_with)


def runs_report(store: Store, runs: Sequence[Run]) -> Report:
    """One run, or several compared."""
    overview = None
    if len(runs) > 1:
        names = tuple(f"{run.id} · {run.name}" for run in runs)
        differing = differences(runs, source_names(store, runs))
        rows = tuple((d.setting, *d.values) for d in differing)
        groups = [(name, (run,)) for name, run in zip(names, runs, strict=True)]
        is_same = len({(run.spec, replace(run.recipe, seed=0)) for run in runs}) == 1
        overview = Section(
            title="Overview",
            target=("How do these runs differ, and what are their results?",),
            result=(
                *(
                    f"{name}: {run.best or run.test or '–'}"
                    for name, run in zip(names, runs, strict=True)
                ),
                *(text.over_seeds(runs) if is_same else ()),
            ),
            questions=("Are the differences significant?",),
            tables=(Table(("", *names), rows),) if rows else (),
            figures=(target_charts.grouped_curves(groups, max(run.recipe.epochs for run in runs)),),
        )
    commands = dict.fromkeys(train_command(run.spec, run.recipe) for run in runs)
    title = f"Run {runs[0].id}: {runs[0].name}" if len(runs) == 1 else "Runs"
    made_with = text.made_with(store, runs)
    sections = tuple(_run_section(store, run) for run in runs)
    return Report(title, overview, sections, tuple(commands), made_with)


def _run_section(store: Store, run: Run) -> Section:
    planned, article = run.recipe.epochs, article_result(run.spec)
    settings = [("network", str(run.spec)), ("parameters", f"{run.parameters:,}")]
    settings += recipe_settings(run.recipe, source_names(store, [run]))
    figures = (
        charts.accuracy(run.epochs, planned, run.best_epoch, article),
        charts.loss(run.epochs, planned),
        charts.gap(run.epochs, planned),
    )
    return Section(
        title=f"Run {run.id}: {run.name}",
        target=(
            "How accurate is this network?",
            *([f"Owner: {run.owner}."] if run.owner else []),
        ),
        result=(*text.result_text(run), run.recipe.split.selection),
        questions=text.RUN,
        tables=(Table(("setting", "value"), tuple(settings)),),
        figures=figures if run.epochs else (),
        notes=run.notes,
    )


def _command(command: str, length: Length, split: Split, n_seeds: int, default_seeds: int) -> str:
    """The command line, without the options that have their default values."""
    options = [
        "--quick" * (length is Length.QUICK),
        f"--split {split}" * (split is not Split.ARTICLE),
        f"--seeds {n_seeds}" * (n_seeds != default_seeds),
    ]
    return " ".join(["python -m mnistlab", command, *filter(None, options)])
