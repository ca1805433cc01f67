"""Reports: the course's headings, the results, and neither HTML nor paths from outside."""

import getpass
import json
import re
import socket
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import pytest

from mnistlab.data.options import Split
from mnistlab.experiments.ablation import make_ablation
from mnistlab.experiments.reproduction import Reproduction
from mnistlab.experiments.targets import TARGETS, Length
from mnistlab.report import build
from mnistlab.report.document import Report, Section, Table
from mnistlab.report.html import html, library
from mnistlab.report.markdown import markdown
from mnistlab.stats.score import Score
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from tests.store.example_runs import add_finished_run

WILD = '<script>alert("&")</script> [x](http://a.b) `*_|~ </script> 1. #'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """All four targets, one ablation, and a run with notes."""
    store = Store(tmp_path / "runs")
    for target in TARGETS:
        add_finished_run(store, target.spec, target.full, [90, 60, 70], wrong=range(20))
    study = make_ablation(TARGETS[3], "dropout", (0,), Length.FULL)
    add_finished_run(store, study.variant.spec, study.recipe, [95, 80], wrong=range(10, 50))
    strict = replace(TARGETS[3].full, split=Split.HOLDOUT)
    wild = add_finished_run(store, TARGETS[3].spec, strict, [60], name=WILD, test=Score(55, 10_000))
    edit_details(store, wild, "", WILD, "tag", f"{WILD}\nsecond line")
    return store


def reports(store: Store) -> dict[str, Report]:
    return {
        "reproduction": build.reproduction_report(store, Reproduction(Length.FULL)),
        "empty": build.reproduction_report(
            store, Reproduction(Length.QUICK, Split.HOLDOUT, (0, 1))
        ),
        "ablation": build.ablation_report(
            store, make_ablation(TARGETS[3], "dropout", (0,), Length.FULL)
        ),
        "untrained": build.ablation_report(
            store, make_ablation(TARGETS[0], "batch-norm", (0, 1, 2))
        ),
        "run": build.runs_report(store, store.runs([6])),
        "runs": build.runs_report(store, store.runs([4, 5, 6])),
    }


def test_every_report_has_the_course_s_headings_and_its_commands(
    store: Store,
) -> None:
    for report in reports(store).values():
        text, page = markdown(report), html(report)
        count = len(report.sections) + (report.overview is not None)
        for heading in ("Target", "Result", "Analysis"):
            assert text.count(f"### {heading}\n") == count
            assert page.count(f"<h3>{heading}</h3>") == count
        for section in report.sections:
            assert section.target and section.result and len(section.questions) >= 2
        assert report.commands
        for command in report.commands:
            assert command in text and escape(command) in page
            assert command.startswith("python -m mnistlab")


def test_the_reproduction_s_report_has_its_results(store: Store) -> None:
    report = reports(store)["reproduction"]
    text = markdown(report)
    assert report.overview and len(report.sections) == 4
    for figure in ("1,595,316", "12,490", "12,874", "99.93%", "99.28%", "60 errors in 10,000"):
        assert figure in text
    assert "% in the article (" in text, "accuracies that differ from the article's are listed"
    assert report.commands[0] == "python -m mnistlab reproduce"
    empty = reports(store)["empty"]
    assert "Not trained yet" in markdown(empty) and not any(s.figures for s in empty.sections)
    assert empty.commands[0] == "python -m mnistlab reproduce --quick --split holdout --seeds 2"


def test_the_other_reports_have_their_results(store: Store) -> None:
    texts = {name: markdown(report) for name, report in reports(store).items()}
    assert "−2.00 pp" in texts["ablation"] and "significant (p" in texts["ablation"]
    assert "python -m mnistlab ablate target-4 dropout --seeds 1" in texts["ablation"]
    assert "python -m mnistlab ablate target-1 batch-norm --quick\n" in texts["untrained"]
    assert "55 errors in 10,000" in texts["run"] and "second line" in texts["run"]
    assert "| dropout |" in texts["runs"] and "Run 4" in texts["runs"]


def test_a_report_says_that_a_run_is_not_done(store: Store) -> None:
    run_id = store.add("half", TARGETS[2].spec, TARGETS[2].quick)
    assert "not trained yet" in markdown(build.runs_report(store, store.runs([run_id]))).lower()
    assert html(build.runs_report(store, store.runs([run_id, 4])))
    stopped = add_finished_run(store, TARGETS[2].spec, TARGETS[2].quick, [60])
    with store.database.writing() as db:
        db.execute("UPDATE runs SET state = ? WHERE id = ?", (State.STOPPED, stopped))
    assert "stopped" in markdown(build.runs_report(store, store.runs([stopped])))


def test_seeds_of_one_recipe_have_a_mean(store: Store) -> None:
    again = add_finished_run(store, TARGETS[3].spec, replace(TARGETS[3].full, seed=1), [70, 62, 66])
    assert "(2 seeds;" in markdown(build.runs_report(store, store.runs([4, again])))
    assert "(2 seeds;" not in markdown(reports(store)["runs"])


def test_names_and_notes_are_escaped(store: Store) -> None:
    for name in ("run", "runs"):
        report = reports(store)[name]
        page = html(report).replace(library(), "")
        assert "<script>alert" not in page and "[x](http" in unescape(page)
        assert page.count("</script>") == page.count("<script"), "no tag ends early"
        text = markdown(report)
        assert "<script" not in text.replace(r"\<script", "") and r"\[x\](http" in text
        for data in re.findall(r'json">(.*?)</script>', page):
            assert "<" not in data and json.loads(data)["layout"]


@pytest.mark.parametrize("text", ["1. one", "12) two", "# three", "- four", "+ five", "> six",
                                  "--- ", "=== ", "a | b", "![x](y)", "<b>", "&amp;", "*x*",
                                  "~~x~~", "`x`", "\\*"])  # fmt: skip
def test_markdown_escapes_its_special_characters(text: str) -> None:
    table = Table(("a", "b"), ((text, "x"),))
    section = Section("t", (text,), ("r",), (), (table,), notes=text)
    lines = markdown(Report("t", None, (section,), ())).splitlines()
    shown = lines[lines.index("### Target") + 2]
    assert shown != text.strip() and re.sub(r"\\(.)", r"\1", shown) == text.strip()
    row = lines[lines.index("| --- | --- |") + 1]
    assert len(re.findall(r"(?<!\\)\|", row)) == 3, "a bar in a cell begins no other cell"
    assert f"> {shown}" in lines


def test_nothing_of_the_machine_is_in_a_report(store: Store, tmp_path: Path) -> None:
    words = {str(tmp_path), str(Path.home()), str(Path.cwd()), socket.gethostname()}
    words |= {getpass.getuser()} if len(getpass.getuser()) > 4 else set()
    for report in reports(store).values():
        for text in (markdown(report), html(report).replace(library(), "")):
            assert not [word for word in words if word in text]


def test_the_html_may_load_nothing(store: Store) -> None:
    page = html(reports(store)["reproduction"])
    assert "default-src 'none'" in page
    bare = page.replace(library(), "")
    assert not re.findall(r"(?:src|href)=", bare) and "url(" not in bare
    assert len(re.findall('class="plot"', bare)) == 5, "the overview's chart, and each target's"
    assert "</script" not in library()
