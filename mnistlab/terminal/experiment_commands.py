"""Experiments: reproduce the article, ablations, several seeds, searches, reports."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mnistlab.arch.presets import resolve
from mnistlab.arch.summary import BUDGET
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.experiments import ablation, reproduction
from mnistlab.experiments.processors import unlike_processors
from mnistlab.experiments.results_table import best_epoch_text, results_table
from mnistlab.experiments.search import suggestions
from mnistlab.experiments.search.search import EPOCHS, Search, pareto_front
from mnistlab.experiments.search.trials import n_missing
from mnistlab.experiments.seeds import (
    MAX_STUDY_SEEDS,
    first_seeds,
    seed_stats,
    submit_missing,
)
from mnistlab.experiments.targets import TARGETS, Length, find_target
from mnistlab.home import default_home
from mnistlab.recipe.defaults import default_recipe
from mnistlab.report import build
from mnistlab.report.document import Report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown
from mnistlab.stats.difference import describe
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.terminal.output_file import check_new, write_new
from mnistlab.terminal.parser import (
    Commands,
    Parser,
    add_network,
    add_owner,
    add_ray,
    get_run,
    positive_int,
)
from mnistlab.terminal.recipe_options import add_recipe, recipe_from
from mnistlab.terminal.run_commands import print_columns
from mnistlab.terminal.watch import exit_status, share_cores, watch_all, watch_search
from mnistlab.text import percent, quantity

GROUP = "Experiments"
WRITERS = {".html": html, ".md": markdown}
FORMATS = " or ".join(WRITERS)


def add_commands(commands: Commands) -> None:
    command = commands.add(
        GROUP, "reproduce", reproduce, "train the article's four targets, or resume them"
    )
    _add_conditions(command, n_seeds=1)
    _add_report(command)
    add_owner(command)
    add_ray(command)

    command = commands.add(
        GROUP, "ablate", ablate, "train a target with one setting changed, and compare"
    )
    command.add_argument("target", help=", ".join(target.preset.name for target in TARGETS))
    command.add_argument("variant", help="such as dropout; an unknown name lists all")
    _add_conditions(command, n_seeds=3)
    _add_report(command)
    add_owner(command)
    add_ray(command)

    command = commands.add(GROUP, "study", study, "train a network with several seeds: mean ± SD")
    add_network(command)
    add_recipe(command)
    _add_seeds(command, n_seeds=5)

    command = commands.add(
        GROUP, "search", search, "try networks and learning rates within a budget (needs Optuna)"
    )
    command.add_argument("name", metavar="NAME", help="the same one goes on with a search")
    for option, value, text in (
        ("trials", 30, "how many networks"),
        ("epochs", EPOCHS, "of a trial"),
        ("train_size", None, "training images, from 64"),
        ("budget", BUDGET, "the most parameters"),
        ("seed", 0, "of the suggestions and every training"),
    ):
        command.add_argument(
            f"--{option.replace('_', '-')}",
            type=int if option == "seed" else positive_int,
            default=value,
            metavar="N",
            help=f"{text}; default: {'all' if value is None else f'{value:,}'}",
        )
    add_owner(command)
    add_ray(command)

    command = commands.add(
        GROUP, "report", report, "write a report on runs or the reproduction (HTML, Markdown)"
    )
    command.add_argument("run_ids", type=positive_int, nargs="*", metavar="RUN")
    command.add_argument(
        "--reproduction", action="store_true", help="the reproduction instead of runs"
    )
    command.add_argument(
        "--out", dest="out_path", type=Path, required=True, metavar="FILE", help=FORMATS
    )
    _add_conditions(command, n_seeds=1)


def _add_conditions(command: Parser, n_seeds: int) -> None:
    """How the targets are, or were, trained."""
    command.add_argument(
        "--quick", action="store_true", help="a tenth of the training images: minutes, not hours"
    )
    _add_seeds(command, n_seeds)
    command.add_argument(
        "--split",
        default=Split.ARTICLE,
        choices=[Split.ARTICLE, Split.HOLDOUT],
        help=f"evaluation protocol; default: {Split.ARTICLE}",
    )


def _add_seeds(command: Parser, n_seeds: int) -> None:
    command.add_argument(
        "--seeds",
        dest="n_seeds",
        type=positive_int,
        default=n_seeds,
        metavar="N",
        help=f"number of seeds; default: {n_seeds}",
    )


def _add_report(command: Parser) -> None:
    command.add_argument(
        "--report", dest="report_path", type=Path, metavar="FILE", help=f"a report: {FORMATS}"
    )


def reproduce(options: argparse.Namespace) -> int:
    """Train the missing runs of the reproduction and print its table; Ctrl-C pauses them."""
    check_output_path(options.report_path)
    seeds = first_seeds(options.n_seeds)
    study = reproduction.Reproduction(_length(options), Split(options.split), seeds)
    share_cores(len(study.targets) * len(seeds))
    store = Store.of(default_home())
    runs = watch_all(store, reproduction.submit_reproduction(default_home(), study, options.owner))
    print_columns(results_table(reproduction.target_runs(store, study)))
    _print_processors(store, runs)
    if options.report_path:
        _write_report(build.reproduction_report(store, study), options.report_path)
    return exit_status(runs)


def ablate(options: argparse.Namespace) -> int:
    """Train a target's baseline and a variant, and print the difference in accuracy."""
    target = find_target(options.target)
    if target is None:
        names = ", ".join(each.preset.name for each in TARGETS)
        raise LabError(f"Unknown target “{options.target}”. Choose one of {names}.")
    check_output_path(options.report_path)
    seeds = first_seeds(options.n_seeds)
    study = ablation.make_ablation(
        target, options.variant, seeds, _length(options), Split(options.split)
    )
    share_cores(2 * len(seeds))
    store = Store.of(default_home())
    runs = watch_all(store, ablation.submit_ablation(default_home(), study, options.owner))
    baseline_runs, variant_runs = ablation.ablation_runs(store, study)
    (baseline, _), (variant, _) = study.configs
    rows = [("seed", baseline, variant)]
    rows += [
        (
            str(seed),
            best_epoch_text(baseline_runs.get(seed)),
            best_epoch_text(variant_runs.get(seed)),
        )
        for seed in seeds
    ]
    print_columns(rows)
    if difference := ablation.accuracy_difference(store, baseline_runs, variant_runs):
        print(describe(study.variant.label, difference))
    _print_processors(store, runs)
    if options.report_path:
        _write_report(build.ablation_report(store, study), options.report_path)
    return exit_status(runs)


def study(options: argparse.Namespace) -> int:
    """Train a network with every seed that is missing and print mean ± SD.

    Ctrl-C pauses the runs; the same command resumes them.
    """
    if options.n_seeds > MAX_STUDY_SEEDS:
        raise LabError(f"{options.n_seeds:,} seeds are too many; use at most {MAX_STUDY_SEEDS:,}.")
    spec = resolve(options.network)
    recipe = recipe_from(options, default_recipe(spec))
    seeds = range(recipe.seed, recipe.seed + options.n_seeds)
    name = options.name or options.network
    share_cores(len(seeds))
    store = Store.of(default_home())
    run_ids = list(
        submit_missing(default_home(), name, spec, recipe, seeds, options.owner).values()
    )
    runs = watch_all(store, run_ids)
    _print_seed_stats(runs)
    _print_processors(store, runs)
    return exit_status(runs)


def search(options: argparse.Namespace) -> int:
    """Search networks within a budget and print the Pareto front; Ctrl-C pauses the trials."""
    suggestions.check()
    plan = Search(options.name, options.epochs, options.train_size, options.budget, options.seed)
    share_cores(options.trials)
    runs = watch_search(default_home(), plan, options.trials, options.owner)
    rows = [("run", "parameters", "validation", "network")]
    rows += [
        (str(run.id), f"{run.parameters:,}", percent(run.best.accuracy), str(run.spec))
        for run in pareto_front(runs)
        if run.best
    ]
    print_columns(rows)
    if missing := n_missing(runs, options.trials):
        print(f"{quantity(missing, 'trial')} missing. Repeat the command to go on.")
    if n_failed := sum(run.state is State.FAILED for run in runs):
        print(f"{quantity(n_failed, 'trial')} failed. The same command tries again.")
    return 2 if missing else 0


def _print_seed_stats(runs: Sequence[Run]) -> None:
    done = [run for run in runs if run.state is State.DONE]
    for title, scores in (
        ("validation, best epoch", [run.best for run in done]),
        ("validation, last epoch", [run.last for run in done]),
        ("test", [run.test for run in done]),
    ):
        if stats := seed_stats(scores):
            print(f"{title}: {stats}")


def _print_processors(store: Store, runs: Sequence[Run]) -> None:
    if sentence := unlike_processors(store, runs):
        print(sentence)


def report(options: argparse.Namespace) -> None:
    """Write a report on the reproduction, or on some runs, as HTML or Markdown."""
    check_output_path(options.out_path)
    store = Store.of(default_home())
    if options.reproduction is bool(options.run_ids):
        raise LabError("Give runs' numbers or --reproduction.")
    if options.reproduction:
        seeds = first_seeds(options.n_seeds)
        study = reproduction.Reproduction(_length(options), Split(options.split), seeds)
        document = build.reproduction_report(store, study)
    else:
        runs = [get_run(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
        document = build.runs_report(store, runs)
    _write_report(document, options.out_path)


def _length(options: argparse.Namespace) -> Length:
    return Length.QUICK if options.quick else Length.FULL


def check_output_path(path: Path | None) -> None:
    """Raise LabError, before hours of training, if a report cannot be written to the path."""
    if path and path.suffix not in WRITERS:
        raise LabError(f"{path.name} must end in {FORMATS}.")
    if path:
        check_new(path)


def _write_report(document: Report, path: Path) -> None:
    write_new(path, WRITERS[path.suffix](document).encode())
    print(path)
