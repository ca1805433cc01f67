"""The results of the article's targets, summarized over the seeds, as a table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnistlab.data.options import Split
from mnistlab.experiments.reproduction import TargetRuns
from mnistlab.experiments.seeds import SeedStats, seed_stats
from mnistlab.store.run import Run
from mnistlab.text import percent, percent_range, signed


@dataclass(frozen=True)
class TargetResult:
    """The results of a target's runs. Accuracies 0–1, means over the seeds.

    `train` and `gap` (train − validation) are the last epoch's; `epochs` are the best epochs.
    """

    best: SeedStats
    last: SeedStats
    test: SeedStats | None
    train: float
    gap: float
    epochs: tuple[int, ...]
    seconds: float


def target_result(runs: Sequence[Run]) -> TargetResult | None:
    """Summarize runs of one recipe; None if none has an epoch yet."""
    best = seed_stats([run.best for run in runs])
    last = seed_stats([run.last for run in runs])
    if not best or not last:
        return None
    last_epochs = [run.epochs[-1] for run in runs if run.epochs]
    return TargetResult(
        best=best,
        last=last,
        test=seed_stats([run.test for run in runs]),
        train=statistics.mean(epoch.train_accuracy for epoch in last_epochs),
        gap=statistics.mean(e.train_accuracy - e.validation_accuracy for e in last_epochs),
        epochs=tuple(run.best_epoch for run in runs if run.best_epoch),
        seconds=statistics.mean(run.seconds for run in runs),
    )


HEAD = (
    *("Target", "Parameters", "Article: train", "Article: val."),
    *("Validation (best)", "95% CI", "Errors", "Best epoch"),
    *("Validation (last)", "Train (last)", "Gap (pp)", "Test", "Seconds"),
)


def results_table(targets: Sequence[TargetRuns]) -> list[tuple[str, ...]]:
    """The table's head and a row for each target.

    The article protocol has no separate test accuracy, so there that column is omitted.
    """
    rows = [HEAD, *map(_cells, targets)]
    if all(target.recipe.split is Split.ARTICLE for target in targets):
        test = HEAD.index("Test")
        rows = [row[:test] + row[test + 1 :] for row in rows]
    return rows


def _cells(target: TargetRuns) -> tuple[str, ...]:
    """A target's row: "–" for unknown values, "…" while no run has finished."""
    preset = target.target.preset
    article = preset.article
    first_cells = (
        preset.label if target.finished or not target.reported_runs else f"{preset.label} …",
        f"{article.parameters:,}" if article else "–",
        percent(article.train / 100) if article else "–",
        percent(article.validation / 100) if article and article.validation else "–",
    )
    result = target_result(target.reported_runs)
    if result is None:
        return (*first_cells, *["–"] * (len(HEAD) - len(first_cells)))
    errors = statistics.mean(score.errors for score in result.best.scores)
    return (
        *first_cells,
        _mean(result.best),
        percent_range(*result.best.confidence_interval),
        f"{errors:.0f}" if len(result.best.scores) == 1 else f"{errors:.1f}",
        _epochs(result.epochs),
        _mean(result.last),
        percent(result.train),
        signed(100 * result.gap),
        _mean(result.test) if result.test else "–",
        f"{result.seconds:,.0f}",
    )


def _epochs(numbers: Sequence[int]) -> str:
    """Up to three numbers in full, more as a range."""
    if len(numbers) > 3:
        return f"{min(numbers)}–{max(numbers)}"
    return ", ".join(map(str, numbers))


def _mean(stats: SeedStats) -> str:
    if stats.std is None:
        return percent(stats.mean)
    return f"{percent(stats.mean)} ± {percent(stats.std)}"


def best_epoch_text(run: Run | None) -> str:
    """A run's best validation accuracy with its interval and its epoch; a dash without one."""
    if run is None or run.best is None:
        return "–"
    interval = percent_range(*run.best.confidence_interval)
    return f"{percent(run.best.accuracy)} ({interval}), epoch {run.best_epoch}"
