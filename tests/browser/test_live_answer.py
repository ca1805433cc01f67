"""The answer that follows the pen on Draw, in a real browser: it is the server's, only earlier."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from mnistlab.drawing.prediction import CONFIDENT_FROM, Prediction
from mnistlab.drawing.segmentation import segment_strokes
from mnistlab.takehome.html_page import ANSWERS, source
from mnistlab.text import probability
from mnistlab.ui.draw.live.element import FOLDER
from mnistlab.ui.draw.prediction import describe
from tests.browser.conftest import TIMEOUT, App, draw_stroke, healthy, settled
from tests.drawn_digits import DIGITS, Points

if TYPE_CHECKING:
    from playwright.sync_api import WebSocket

NO_PATIENCE = """
const later = setTimeout;
window.setTimeout = (act, wait, ...rest) => (wait === 4000 ? 0 : later(act, wait, ...rest));
"""
"""Only equal strokes let the server's answer be seen."""
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const cover = document.querySelector(".lab-live"), isLive = cover && !cover.hidden;
    const shown = isLive ? cover : document.querySelector(".st-key-answers .stHtml");
    const entry = [isLive, shown ? shown.textContent : ""];
    if (JSON.stringify(entry) !== JSON.stringify(seen.at(-1))) seen.push(entry);
  };
  new MutationObserver(look).observe(document.querySelector(".stMainBlockContainer"),
    { subtree: true, childList: true, characterData: true, attributes: true });
  look();
}"""
"""Keeps whatever answer is to be seen: whether it is the browser's, and its text."""


def opened(page: Page, app: App) -> list[int | None]:
    """Draw, ready to be drawn on, with the reader in its worker; the sizes of what it sends."""
    sent: list[int | None] = []

    def listen(socket: "WebSocket") -> None:
        socket.on("framesent", lambda content: sent.append(len(content)))

    page.on("websocket", listen)
    page.add_init_script(NO_PATIENCE)
    with page.expect_response(lambda response: response.url.endswith(".json")):
        page.goto(f"{app.url}/draw")
    ready(page)
    page.evaluate(WATCH)
    return sent


def ready(page: Page) -> None:
    settled(page)
    expect(page.locator("canvas.upper-canvas")).to_have_count(1)
    # A new canvas ignores the mouse for a moment.
    page.wait_for_timeout(500)


def pen_down(page: Page, points: Points, steps: int = 3) -> None:
    """A stroke, without lifting the pen."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for right, down in points[1:]:
        page.mouse.move(box["x"] + right, box["y"] + down, steps=steps)


def seen(page: Page) -> list[tuple[bool, str]]:
    return [(bool(is_live), text) for is_live, text in page.evaluate("seen")]


def cover(page: Page) -> Any:
    return page.locator(".lab-live-answer b")


def press(page: Page, name: str) -> None:
    page.locator(f".lab-canvas-buttons [name={name}]").click()


def test_the_answer_follows_the_pen_and_the_server_s_changes_nothing(app: App, page: Page) -> None:
    sent = opened(page, app)
    for digit, strokes in DIGITS.items():
        for number, points in enumerate(strokes):
            n_sent, n_seen = len(sent), len(seen(page))
            pen_down(page, points)
            if number + 1 == len(strokes):
                expect(cover(page)).to_have_text(str(digit))
            # While the pen is down nothing goes to the server.
            assert len(sent) == n_sent
            assert len({text for is_live, text in seen(page)[n_seen:] if is_live}) > 1
            page.mouse.up()
            expect(page.locator(".lab-live")).to_be_hidden()
            # The browser's last answer is the server's.
            *_, (was_live, last), (is_live, now) = seen(page)
            assert was_live and not is_live and last == now
        press(page, "clear")
        expect(page.locator(".lab-answer b")).to_have_text("?")
        expect(page.locator(".lab-live")).to_be_hidden()
    healthy(page)


def test_undo_and_clear_are_answered_and_strokes_in_quick_succession_too(
    app: App, page: Page
) -> None:
    opened(page, app)
    answer = page.locator(".lab-answer b")
    first, second = DIGITS[4]
    for points in (first, second):
        draw_stroke(page, points)
    expect(answer).to_have_text("4")
    expect(page.locator(".lab-live")).to_be_hidden()
    press(page, "undo")
    expect(answer).not_to_have_text("4")
    expect(page.locator(".lab-live")).to_be_hidden()
    # The stroke that was taken back is not read again.
    pen_down(page, second)
    expect(cover(page)).to_have_text("4")
    page.mouse.up()
    expect(answer).to_have_text("4")
    press(page, "clear")
    draw_stroke(page, DIGITS[7][0])
    expect(answer).to_have_text("7")
    expect(page.locator(".lab-live")).to_be_hidden()
    healthy(page)


def test_another_checkpoint_and_no_augmentation_are_followed(app: App, page: Page) -> None:
    opened(page, app)
    page.get_by_text("Test-time augmentation").click()
    settled(page)
    choice = page.get_by_role("combobox").first
    choice.click()
    with page.expect_response(lambda response: response.url.endswith(".json")):
        page.get_by_role("option").nth(2).click()
    settled(page)
    for points in DIGITS[2]:
        pen_down(page, points)
        expect(cover(page)).to_be_visible()
        page.mouse.up()
        expect(page.locator(".lab-live")).to_be_hidden()
        *_, (was_live, last), (is_live, now) = seen(page)
        assert was_live and not is_live and last == now
    # With a step of the preprocessing turned off the server alone answers.
    page.get_by_text("Center by mass").click()
    expect(page.get_by_text("Centered by box")).to_be_visible()
    settled(page)
    n_seen = len(seen(page))
    press(page, "clear")
    expect(page.locator(".lab-answer b")).to_have_text("?")
    draw_stroke(page, DIGITS[7][0])
    expect(page.locator(".lab-answer b")).to_have_text("7")
    assert not any(is_live for is_live, _ in seen(page)[n_seen:])
    healthy(page)


@pytest.mark.parametrize("what", ["script", "worker", "network"])
def test_without_the_reader_the_server_answers(app: App, page: Page, what: str) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    if what == "worker":
        page.add_init_script("window.Worker = class { constructor() { throw new Error(); } };")
    else:
        page.route("**/lab/content/*.js*" if what == "script" else "**/lab/content/*.json", refuse)
    page.goto(f"{app.url}/draw")
    ready(page)
    page.evaluate(WATCH)
    for points in DIGITS[4]:
        draw_stroke(page, points)
    expect(page.locator(".lab-answer b")).to_have_text("4")
    assert not any(is_live for is_live, _ in seen(page))
    healthy(page)


def test_a_number_is_the_server_s(app: App, page: Page) -> None:
    opened(page, app)
    # A digit far from another one is not read together with it.
    small: list[Points] = [
        [(place + x / 2.5, 80 + y / 2.5) for x, y in DIGITS[7][0]] for place in (0, 150)
    ]
    draw_stroke(page, small[0])
    expect(page.locator(".lab-answer b")).to_have_text("7")
    expect(page.locator(".lab-live")).to_be_hidden()
    n_seen = len(seen(page))
    draw_stroke(page, small[1])
    expect(page.locator(".lab-number b")).to_have_text("7 7")
    expect(page.locator(".lab-live")).to_be_hidden()
    assert not any(is_live for is_live, _ in seen(page)[n_seen:])
    healthy(page)


def test_a_finger_is_followed(app: App, chromium: Browser) -> None:
    phone = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.set_default_timeout(TIMEOUT)
    opened(page, app)
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    finger = phone.new_cdp_session(page)
    for points in DIGITS[4]:
        for number, (right, down) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            place = {"x": box["x"] + right, "y": box["y"] + down}
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
        expect(cover(page)).to_be_visible()
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.locator(".lab-live")).to_be_hidden()
        *_, (was_live, last), (is_live, now) = seen(page)
        assert was_live and not is_live and last == now
    expect(page.locator(".lab-answer b")).to_have_text("4")
    healthy(page)
    phone.close()


@pytest.fixture(scope="module")
def sandbox(chromium: Browser) -> Any:
    """An empty page with the parts that need no page."""
    page = chromium.new_page()
    parts = [(FOLDER / name).read_text("utf-8") for name in ("pen.js", "one_digit.js")]
    page.set_content(f"<script>{source(ANSWERS)}{''.join(parts)}</script>")
    yield page
    page.close()


def predictions() -> list[Prediction]:
    rng = random.Random(0)
    found = []
    for number in range(300):
        raw = [rng.random() ** rng.choice((1, 8, 40)) for _ in range(10)]
        score = rng.choice((None, 2 * rng.random()))
        shares = tuple(value / sum(raw) for value in raw)
        found.append(Prediction(shares, score, calibrated=number % 3 > 0))
    bound = CONFIDENT_FROM
    for share in (0.99899, 0.999, 0.99901, bound - 1e-5, bound, bound + 1e-5, 0.0005, 0.9985):
        found.append(Prediction((share, 1 - share, *[0.0] * 8)))
    return found


def test_an_answer_has_the_words_of_the_server_s(sandbox: Page) -> None:
    for prediction in predictions():
        answer = {"probabilities": prediction.probabilities, "oodScore": prediction.ood_score}
        network = {"confidentFrom": CONFIDENT_FROM, "isCalibrated": prediction.calibrated}
        found = sandbox.evaluate(
            "([answer, network]) => [describe(answer, network), answer.probabilities.map(percent)]",
            [answer, network],
        )
        assert found[0] == list(describe(prediction))
        assert found[1] == [probability(value) for value in prediction.probabilities]
    assert sandbox.evaluate("describe(null, {})") == list(describe(None))


def drawings() -> list[Sequence[Points]]:
    """Digits, two of them side by side, and two to four lines anywhere."""
    rng = random.Random(0)
    found: list[Sequence[Points]] = [*DIGITS.values()]
    for _ in range(100):
        first, second = rng.choices(list(DIGITS.values()), k=2)
        apart = rng.uniform(0, 200)
        found.append([*first, *([(x + apart, y) for x, y in stroke] for stroke in second)])
        found.append(
            [
                [(rng.uniform(0, 280), rng.uniform(0, 280)) for _ in range(rng.randint(1, 5))]
                for _ in range(rng.randint(2, 4))
            ]
        )
    return found


def test_what_is_one_digit_is_one_for_the_server(sandbox: Page) -> None:
    n_one = 0
    for strokes in drawings():
        lines = sandbox.evaluate(
            "(strokes) => strokes.map((points) => penLine([points[0], ...points], 22))",
            [[list(point) for point in stroke] for stroke in strokes],
        )
        if sandbox.evaluate("isOneDigit", lines):
            n_one += 1
            assert len(segment_strokes(lines)) == 1
    assert n_one > 50
    for strokes in DIGITS.values():
        lines = [[list(point) for point in stroke] for stroke in strokes]
        assert sandbox.evaluate("isOneDigit", lines)
