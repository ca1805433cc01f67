"""The benchmarks that take a file of strokes, and the proxy's, which takes the guide's text."""

import gzip
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DIGITS = [
    {"label": 1, "writer": "a", "strokes": [[[500, 100], [495, 500], [490, 900]]]},
    {"label": 7, "writer": "a", "strokes": [[[100, 100], [700, 110], [650, 300], [350, 950]]]},
    {
        "label": 7,
        "writer": "b",
        "strokes": [[[0.5, 0.1], [0.9, 0.1]], [], [[0.9, 0.1], [0.6, 0.9]]],
    },
]
ENDLESS = json.dumps(
    [{"label": 1, "strokes": [[[n % 251, n % 241] for n in range(60_000)]]}]
).encode()


def run_benchmark(
    file: Path, *options: str, name: str = "strokes"
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("packed", [False, True])
def test_a_stroke_file_is_read_plain_or_gzipped_and_the_accuracy_comes_first(
    tmp_path: Path, packed: bool
) -> None:
    content = json.dumps(DIGITS).encode()
    file = tmp_path / ("digits.json.gz" if packed else "digits.json")
    file.write_bytes(gzip.compress(content) if packed else content)
    done = run_benchmark(file)
    assert done.returncode == 0, done.stderr
    accuracy = re.match(r"(\d+\.\d\d)%", done.stdout)
    assert accuracy and float(accuracy[1]) == pytest.approx(100, abs=0.01), done.stdout
    assert re.search(r"^ +7 .* of +2", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "content",
    [
        None,
        ENDLESS,
        b"",
        b"{}",
        b"[1]",
        b"\x1f\x8bno",
        b'[{"label": 1, "strokes": [[[NaN, 1]]]}]',
        b"[[[[[[",
    ],
)
def test_a_file_without_strokes_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_bytes(content)
    done = run_benchmark(file)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_slash_is_drawn_through_the_zeros_alone(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    ring = [[300, 300], [600, 100], [850, 500], [600, 900], [250, 600], [300, 300]]
    zero = {"label": 0, "writer": "b", "strokes": [ring]}
    file.write_text(json.dumps([*DIGITS, zero]))
    done = run_benchmark(file, "--slash")
    assert done.returncode == 0, done.stderr
    assert re.match(r"\d+\.\d\d%  \d of 1 ", done.stdout), done.stdout
    file.write_text(json.dumps(DIGITS))
    done = run_benchmark(file, "--slash")
    assert done.returncode != 0 and "no zeros" in done.stderr


def test_a_slash_goes_through_the_zero_from_upper_right_to_lower_left() -> None:
    slashed = runpy.run_path(str(ROOT / "benchmarks" / "strokes.py"))["slashed"]
    ring = [[float(x), float(y)] for x, y in ((0, 0), (100, 0), (100, 200), (0, 200), (0, 0))]
    for seed in range(50):
        first, slash = slashed([ring], np.random.default_rng(seed))
        assert first == ring
        (x, y), (last_x, last_y) = slash[0], slash[-1]
        assert x > 75 and y < 75 and last_x < 25 and last_y > 125, seed
        # It crosses the middle of the zero.
        assert min(abs(x - 50) + abs(y - 100) / 2 for x, y in slash) < 30, seed


def test_a_half_without_writers_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    file.write_text(json.dumps([{"label": 1, "strokes": DIGITS[0]["strokes"]}]))
    for name in ("strokes", "photos", "multidigit"):
        done = run_benchmark(file, "--half", "second", name=name)
        assert done.returncode != 0 and "the second half of the writers is empty" in done.stderr


def test_photos_of_strokes_are_counted_by_paper(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(DIGITS))
    done = run_benchmark(file, "--number", "3", name="photos")
    assert done.returncode == 0, done.stderr
    accuracy = re.match(r"(\d+\.\d\d)%  (\d) of 3 ", done.stdout)
    assert accuracy and float(accuracy[1]) == pytest.approx(100 * int(accuracy[2]) / 3, abs=0.01)
    for kind in ("plain", "ruled", "squared"):
        assert re.search(rf"^ +{kind} .* of +1$", done.stdout, re.MULTILINE), kind
    again = run_benchmark(file, "--number", "3", name="photos")
    assert again.stdout.split("classified")[0] == done.stdout.split("classified")[0]


def test_pictures_cut_out_of_forms_are_counted_by_kind(tmp_path: Path) -> None:
    kinds = ("sliver", "close", "box", "boxphoto", "ruledcrop", "online", "28x28")
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(DIGITS * 4))
    done = run_benchmark(file, "--number", "7", "--kinds", *kinds, "--half", "first", name="photos")
    assert done.returncode == 0, done.stderr
    for kind in kinds:
        assert re.search(rf"^ +{kind} .* of +1$", done.stdout, re.MULTILINE), kind


def test_photos_of_a_bad_file_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(b"{}")
    done = run_benchmark(file, name="photos")
    assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_photos_of_numbers_are_read_and_their_digits_counted(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(DIGITS))
    done = run_benchmark(file, "--number", "3", "--half", "both", name="photo_numbers")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^  all .* in 3;", done.stdout, re.MULTILINE), done.stdout
    assert re.search(r"^  counted .* in 3;", done.stdout, re.MULTILINE), done.stdout


def test_numbers_are_counted_by_length(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(DIGITS))
    done = run_benchmark(file, "--number", "8", "--half", "both", name="multidigit")
    assert done.returncode == 0, done.stderr
    assert re.match(r"\d+\.\d\d%  of numbers read", done.stdout)
    lengths = re.findall(r"^  (\d) digits? .* in 1;", done.stdout, re.MULTILINE)
    assert lengths == list("12345678"), done.stdout
    assert "segmented" in done.stdout and "kept whole" in done.stdout
    again = run_benchmark(file, "--number", "8", "--half", "both", name="multidigit")
    assert again.stdout == done.stdout


def test_filled_forms_are_counted_by_pen(tmp_path: Path) -> None:
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(DIGITS))
    done = run_benchmark(file, "--number", "1", "--half", "both", name="form")
    assert done.returncode == 0, done.stderr
    assert re.match(r"(100|0)\.00%  of forms read", done.stdout)
    # A writer of ones and sevens fills two boxes of a row.
    count = re.search(r"digits in the right box .* in (\d+);", done.stdout)
    assert count and 10 < int(count[1]) <= 20, done.stdout
    assert "forms, ballpoint" in done.stdout and "of 4 corner" not in done.stdout


@pytest.mark.parametrize("n_servers", [1, 2])
def test_the_guide_s_nginx_configuration_is_taken_for_the_trial_s_ports(
    tmp_path: Path, n_servers: int
) -> None:
    setup = runpy.run_path(str(ROOT / "benchmarks" / "proxy_setup.py"))
    trial = setup["Trial"](tmp_path, 4443, 4480, (4501, 4502))
    text = setup["configuration"](trial, n_servers).read_text("utf-8")
    assert text.count("{") == text.count("}")
    addresses = {f"127.0.0.1:{port}" for port in (4443, 4480, 4501, 4502)[: 2 + n_servers]}
    assert set(re.findall(r"127[.0-9]+:\d+", text)) == addresses
    assert "/etc/" not in text.replace("# /etc/nginx", "")


def test_the_proxy_s_trial_says_that_it_needs_nginx(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert runpy.run_path(str(ROOT / "benchmarks" / "proxy.py"))["main"]() == 0
    assert "needs nginx" in capsys.readouterr().out
