"""What the ladder's runs came to, summed up over the seeds, and as a table."""

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
    """What a rung's finished runs came to. Accuracies 0–1; means over the seeds.

    `train` and `gap` (train less validation) are the last epoch's; `epochs` those that were kept.
    """

    best: SeedStats
    last: SeedStats
    test: SeedStats | None
    train: float
    gap: float
    epochs: tuple[int, ...]
    seconds: float


def target_result(runs: Sequence[Run]) -> TargetResult | None:
    """Sum up runs of one recipe, as far as they have come; None if none has an epoch."""
    best = seed_stats([run.best for run in runs])
    last = seed_stats([run.last for run in runs])
    if not best or not last:
        return None
    ends = [run.epochs[-1] for run in runs if run.epochs]
    return TargetResult(
        best=best,
        last=last,
        test=seed_stats([run.test for run in runs]),
        train=statistics.mean(epoch.train_accuracy for epoch in ends),
        gap=statistics.mean(e.train_accuracy - e.validation_accuracy for e in ends),
        epochs=tuple(run.best_epoch for run in runs if run.best_epoch),
        seconds=statistics.mean(run.seconds for run in runs),
    )


HEAD = (
    *("", "Parameters", "Article, train", "Article, val."),
    *("Best validation", "95% CI", "Errors", "Epoch"),
    *("Last validation", "Train", "Gap", "Test, once", "Seconds"),
)


def results_table(steps: Sequence[TargetRuns]) -> list[tuple[str, ...]]:
    """The ladder's table, its head first.

    Under the article's split the test images are not read once, so that column is left out.
    """
    rows = [HEAD, *map(_cells, steps)]
    if all(step.recipe.split is Split.ARTICLE for step in steps):
        test = HEAD.index("Test, once")
        rows = [row[:test] + row[test + 1 :] for row in rows]
    return rows


def _cells(step: TargetRuns) -> tuple[str, ...]:
    """A step as a line of the table; dashes where nothing is known, dots while none has ended."""
    preset = step.target.preset
    article = preset.article
    start = (
        preset.label if step.ended or not step.reported_runs else f"{preset.label} …",
        f"{article.parameters:,}" if article else "–",
        percent(article.train / 100) if article else "–",
        percent(article.validation / 100) if article and article.validation else "–",
    )
    came = target_result(step.reported_runs)
    if came is None:
        return (*start, *["–"] * (len(HEAD) - len(start)))
    errors = statistics.mean(score.errors for score in came.best.scores)
    return (
        *start,
        _mean(came.best),
        percent_range(*came.best.confidence_interval),
        f"{errors:.0f}" if len(came.best.scores) == 1 else f"{errors:.1f}",
        _some(came.epochs),
        _mean(came.last),
        percent(came.train),
        signed(100 * came.gap),
        _mean(came.test) if came.test else "–",
        f"{came.seconds:,.0f}",
    )


def _some(numbers: Sequence[int]) -> str:
    """Each of up to three numbers, or from where to where they go."""
    if len(numbers) > 3:
        return f"{min(numbers)}–{max(numbers)}"
    return ", ".join(map(str, numbers))


def _mean(found: SeedStats) -> str:
    if found.std is None:
        return percent(found.mean)
    return f"{percent(found.mean)} ± {percent(found.std)}"


def best_epoch_text(run: Run | None) -> str:
    """A run's best validation accuracy with its interval and its epoch; a dash without one."""
    if run is None or run.best is None:
        return "–"
    interval = percent_range(*run.best.confidence_interval)
    return f"{percent(run.best.accuracy)} ({interval}), epoch {run.best_epoch}"
