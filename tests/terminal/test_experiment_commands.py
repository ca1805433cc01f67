"""The commands reproduce, ablate and report, over runs that exist already."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.experiments.results_table import HEAD
from mnistlab.experiments.targets import TARGETS
from mnistlab.experiments.variants import find_variant
from mnistlab.store.store import Store
from tests.store.example_runs import add_finished_run


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A quick reproduction with two seeds, and one ablation: the commands train nothing."""
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    for name in ("MNISTLAB_WORKERS", "MNISTLAB_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(tmp_path)
    store, last = Store(tmp_path / "runs"), TARGETS[3]
    one = find_variant(last.spec, last.quick, "dropout")
    for seed in (0, 1):
        for target in TARGETS:
            add_finished_run(
                store, target.spec, replace(target.quick, seed=seed), [400, 310 + seed, 330]
            )
        add_finished_run(store, one.spec, replace(one.recipe, seed=seed), [400, 420 + 2 * seed])
    return store


def do(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(command.split()) == 0, capsys.readouterr()
    return capsys.readouterr().out


def test_reproduce_prints_its_table_and_writes_its_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = do("reproduce --quick --seeds 2 --report article.html", capsys)
    assert HEAD[4] in out and "1,595,316" in out and "96.89% ± 0.01%" in out
    assert "article.html" in out and "1,595,316" in Path("article.html").read_text("utf-8")
    assert main(["reproduce", "--quick", "--report", "article.html"]) == 2
    assert "article.html" in capsys.readouterr().err, "before anything is trained"


def test_ablate_prints_both_configs_and_a_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = do("ablate target-4 dropout --quick --seeds 2 --report one.md", capsys)
    assert "−0.90 pp (2 seeds; 95% CI" in out and "significant (p" in out
    assert "ablate target-4 dropout --quick --seeds 2" in Path("one.md").read_text("utf-8")


def test_report_writes_the_reproduction_or_runs(capsys: pytest.CaptureFixture[str]) -> None:
    do("report --reproduction --quick --seeds 2 --out article.md", capsys)
    assert "### Analysis" in Path("article.md").read_text("utf-8")
    do("report 1 6 --out new/study.md", capsys)
    assert "(2 seeds;" in Path("new/study.md").read_text("utf-8"), "seeds of one recipe"
