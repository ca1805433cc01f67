"""The HTML file that reads drawings, in headless Chromium: `python benchmarks/takehome.py [FILE]`.

Milliseconds an answer takes, with nine views of the drawing and with one; frames a second, and the
longest pause between two, while a digit is being drawn; the file's size. With a FILE of strokes as
for `benchmarks/strokes.py`, the accuracy on the same drawings, placed by the same generator, beside
the lab's own.
"""

import argparse
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from mnistlab.drawing.classifier import Classifier

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHROMIUM = "/usr/bin/chromium"
TIMED = """({ strokes, repeats }) => {
  const one = { ...network, views: network.views.slice(0, 1) };
  const milliseconds = (reader) => {
    const times = [];
    for (let i = 0; i < repeats; i++) {
      const start = performance.now();
      reader.read(strokes);
      times.push(performance.now() - start);
    }
    return times.slice(repeats / 5);  // the first ones are not compiled yet
  };
  return { one: milliseconds(makeReader(one)), nine: milliseconds(makeReader(network)) };
}"""
FRAMES = """() => {
  window.frames = [];
  const tick = (time) => { window.frames.push(time); requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""
BATCH = 200


def draw(page: "Page", strokes: list[list[list[float]]], moves: int) -> None:
    """Draw with so many moves of the mouse from point to point."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    scale = box["width"] / 280
    for stroke in strokes:
        points = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=moves)
        page.mouse.up()


def speed(page: "Page", name: str) -> None:
    """Print how long answers take, and how smoothly one draws."""
    from tests.drawn_digits import DIGITS

    three = [[list(point) for point in stroke] for stroke in DIGITS[3]]
    times = page.evaluate(TIMED, {"strokes": three, "repeats": 200})
    for key, label in (("one", "of the image alone"), ("nine", "with nine views")):
        middle, high = statistics.median(times[key]), np.quantile(times[key], 0.95)
        print(f"{name}: {middle:.1f} ms an answer {label} (95% within {high:.1f})")
    page.evaluate(FRAMES)
    for _ in range(3):
        draw(page, three, moves=12)
        page.get_by_role("button", name="Clear").click()
    gaps = np.diff(page.evaluate("window.frames"))
    print(
        f"{name}: {1000 / statistics.mean(gaps):.0f} frames a second while drawing, "
        f"longest pause {max(gaps):.0f} ms"
    )


def accuracy(page: "Page", classifier: "Classifier", file: Path, seed: int) -> None:
    """Print the file's accuracy on drawings of FILE, the lab's, and how often they differ."""
    import strokes as lab

    from mnistlab.drawing.strokes import digit_from_strokes, strokes_from_canvas

    generator = np.random.default_rng(seed)
    drawings: list[list[list[list[int]]]] = []
    theirs, labels = [], []
    for digit in lab.read(file):
        # As in benchmarks/strokes.py, in the same order of random numbers.
        size = float(np.exp(generator.uniform(*np.log([lab.SIZES[0], lab.SIZES[-1]]))))
        lines = lab.placed(digit["strokes"], size, generator)
        canvas = lab.on_canvas(lines, int(generator.integers(*lab.BRUSHES)))
        prepared = digit_from_strokes(strokes_from_canvas(canvas))
        assert prepared is not None, "every digit has a point"
        prediction = classifier.predict(prepared)
        theirs.append((prediction.digit, prediction.verdict == "not a digit"))
        drawings.append([line.tolist() for line in lines])
        labels.append(digit["label"])
    page.evaluate("() => { window.fileReader = makeReader(network); }")
    ours: list[Any] = []
    for first in range(0, len(drawings), BATCH):
        ours += page.evaluate(
            """(drawings) => drawings.map((strokes) => {
              const { probabilities, oodScore } = fileReader.read(strokes);
              return [probabilities.indexOf(Math.max(...probabilities)), oodScore > 1];
            })""",
            drawings[first : first + BATCH],
        )
    count = len(labels)
    for title, answers in (("HTML file", ours), ("lab", theirs)):
        correct = sum(digit == label for (digit, _), label in zip(answers, labels, strict=True))
        rejected = sum(is_rejected for _, is_rejected in answers)
        print(
            f"{100 * correct / count:.2f}%  {correct:,} of {count:,} by the {title}, "
            f"{rejected} taken for no digit"
        )
    digits, rejections = (
        sum(mine[i] != other[i] for mine, other in zip(ours, theirs, strict=True)) for i in (0, 1)
    )
    print(f"another digit: {digits}, another rejection: {rejections}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, nargs="?", help="strokes, as for strokes.py")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    import torch
    from playwright.sync_api import sync_playwright

    from mnistlab import zoo
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.takehome.html_page import html_page
    from mnistlab.takehome.trained_network import load_trained

    torch.set_num_threads(1)
    print(f"{platform.machine()}, Python {platform.python_version()}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"Chromium {browser.version}")
        for path in zoo.checkpoints():
            html = Path(folder) / f"{path.stem}.html"
            html.write_text(html_page(load_trained(path, path.stem)), "utf-8")
            page = browser.new_page()
            page.goto(html.as_uri())
            print(f"{path.stem}: {html.stat().st_size / 1000:.0f} KB")
            if path.stem == "target-4":
                speed(page, path.stem)
            if path == zoo.default_checkpoint() and options.file:
                accuracy(page, Classifier(path), options.file, options.seed)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
