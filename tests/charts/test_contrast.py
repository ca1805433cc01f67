"""The colors' contrast to the pages of both themes (WCAG 2, AA); axe-core cannot see it in SVG."""

import tomllib
from pathlib import Path

import pytest

from mnistlab.charts import base

ROOT = Path(__file__).parents[2]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
PAGES = {name: THEME[name]["backgroundColor"] for name in ("light", "dark")}
GRAPHICS, TEXT = 3.0, 4.5


def luminance(color: str) -> float:
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize(
    "color",
    [
        base.TRAIN_COLOR,
        base.VALIDATION_COLOR,
        base.WITHIN_BUDGET_COLOR,
        base.OVER_BUDGET_COLOR,
        base.REFERENCE_COLOR,
        *base.RUN_COLORS,
    ],
)
def test_lines_and_areas_stand_out_in_both_themes(color: str, page: str) -> None:
    assert contrast(color, page) >= GRAPHICS


@pytest.mark.parametrize("colors", [base.WITHIN_BUDGET_TEXT, base.OVER_BUDGET_TEXT])
def test_text_is_legible_in_both_themes(colors: tuple[str, str]) -> None:
    for color, page in zip(colors, PAGES.values(), strict=True):
        assert contrast(color, page) >= TEXT


def test_the_primary_color_is_legible_on_white() -> None:
    assert contrast(THEME["light"]["primaryColor"], PAGES["light"]) >= TEXT
