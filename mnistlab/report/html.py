"""A report as one HTML file: its charts are live, and it asks no network for anything."""

import json
from functools import cache
from html import escape
from importlib.resources import files

from mnistlab.charts.base import Figure
from mnistlab.report.document import Report, Section, Table

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
"""The file may load nothing, from anywhere, whatever it holds."""
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem;
  background: #fff; color: #1c2128; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin-bottom: 1rem; font-size: 0.8rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.5rem; text-align: left; border-bottom: 1px solid #8884; }
th { opacity: 0.75; }
.figures td { white-space: nowrap; }
.figures td + td, .figures th + th { text-align: right; }
pre { padding: 0.7rem; background: #8881; border-radius: 0.4rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
blockquote { margin: 0.5rem 0; padding-left: 0.8rem; border-left: 3px solid #8886;
  white-space: pre-wrap; }
.analysis { min-height: 5rem; border: 1px dashed #8888; border-radius: 0.4rem; padding: 0 0.8rem; }
small { opacity: 0.75; }
@media (prefers-color-scheme: dark) { body { background: #0f141a; color: #e6e9ee; } }
@media print {
  body { background: #fff; color: #000; margin: 0; max-width: none; }
  .plot, table, pre, .analysis { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  .figures { font-size: 6.5pt; }
  .figures th, .figures td { padding: 0.15rem; }
  .modebar { display: none; }
}
"""
SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const charts = [...document.querySelectorAll(".plot")].map((node) => [
  node, JSON.parse(node.nextElementSibling.textContent),
]);
// Of plotly's own buttons some would send the chart elsewhere.
const CONFIG = {
  displaylogo: false, responsive: true, modeBarButtons: [["toImage", "resetScale2d"]],
};
const draw = (paper) => {
  const [ink, ground] = dark.matches && !paper ? ["#e6e9ee", "#0f141a"] : ["#1c2128", "#fff"];
  for (const [node, figure] of charts) {
    const layout = { ...figure.layout, font: { color: ink } };
    layout.hoverlabel = { bgcolor: ground, font: { color: ink } };
    layout.modebar = { bgcolor: "transparent", color: "#888", activecolor: ink };
    Plotly.react(node, figure.data, layout, CONFIG);
  }
};
draw(false);
dark.addEventListener("change", () => draw(false));
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(false));
"""


@cache
def library() -> str:
    """plotly.js, as the plotly package carries it."""
    source = files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8")
    return source.replace("</script", r"<\/script")


def html(report: Report) -> str:
    """The whole report. Whatever a person typed is shown as it was typed."""
    sections = [_section(s) for s in (report.overview, *report.sections) if s]
    commands = escape("\n".join(report.commands))
    made = (
        f"<p><small>Made with {escape(report.made_with)}.</small></p>" if report.made_with else ""
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(report.title)}</h1>{''.join(sections)}"
        f"<section><h2>To make it again</h2><pre>{commands}</pre>{made}</section>"
        f"<script>{library()}</script><script>{SCRIPT}</script></body></html>\n"
    )


def _section(section: Section) -> str:
    notes = (
        f"<p>Notes:</p><blockquote>{escape(section.notes)}</blockquote>" if section.notes else ""
    )
    questions = "".join(f"<li>{escape(each)}</li>" for each in section.questions)
    return (
        f"<section><h2>{escape(section.title)}</h2><h3>Target</h3>{_paragraphs(section.target)}"
        f"<h3>Result</h3>{_paragraphs(section.result)}"
        f"{''.join(map(_table, section.tables))}{''.join(map(_chart, section.figures))}{notes}"
        f'<h3>Analysis</h3><div class="analysis"><ul>{questions}</ul></div></section>'
    )


def _paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _table(table: Table) -> str:
    def line(cells: tuple[str, ...], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    rows = "".join(line(row, "td") for row in table.rows)
    kind = ' class="figures"' if len(table.head) > 3 else ""
    return f'<div class="scroll"><table{kind}>{line(table.head, "th")}{rows}</table></div>'


def _chart(figure: Figure) -> str:
    """A figure's place, with its data beside it; `<` is written so that no tag can begin."""
    data = json.dumps(figure, ensure_ascii=False).replace("<", "\\u003c")
    height = figure["layout"]["height"]
    return (
        f'<div class="plot" style="height:{height}px"></div>'
        f'<script type="application/json">{data}</script>'
    )
