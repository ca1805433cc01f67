"""A report as one HTML file with interactive charts, which works offline."""

import json
from functools import cache
from importlib.resources import files

from mnistlab.charts.base import Figure
from mnistlab.markup import Markup, fill, join
from mnistlab.report.document import Report, Section, Table

POLICY = Markup(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
"""Whatever a report holds, the browser loads nothing from anywhere for it."""
STYLE = Markup("""
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
""")
SCRIPT = Markup("""
const dark = matchMedia("(prefers-color-scheme: dark)");
const charts = [...document.querySelectorAll(".plot")].map((node) => [
  node, JSON.parse(node.nextElementSibling.textContent),
]);
// Only these two: some of plotly's buttons would upload the chart.
const CONFIG = {
  displaylogo: false, responsive: true, modeBarButtons: [["toImage", "resetScale2d"]],
};
const draw = (forPrint) => {
  const isDark = dark.matches && !forPrint;
  const [textColor, background] = isDark ? ["#e6e9ee", "#0f141a"] : ["#1c2128", "#fff"];
  for (const [node, figure] of charts) {
    const layout = { ...figure.layout, font: { color: textColor } };
    layout.hoverlabel = { bgcolor: background, font: { color: textColor } };
    layout.modebar = { bgcolor: "transparent", color: "#888", activecolor: textColor };
    Plotly.react(node, figure.data, layout, CONFIG);
  }
};
draw(false);
dark.addEventListener("change", () => draw(false));
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(false));
""")


@cache
def library() -> Markup:
    """plotly.js from the plotly package."""
    source = files("plotly").joinpath("package_data", "plotly.min.js").read_text("utf-8")
    return Markup(source.replace("</script", r"<\/script"))  # noqa: S704 (a file of the plotly package)


def html(report: Report) -> Markup:
    """The whole report; all texts are escaped."""
    made_with = (
        fill("<p><small>Made with {}.</small></p>", report.made_with) if report.made_with else ""
    )
    return fill(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title}</title><style>{style}</style></head><body><h1>{title}</h1>{sections}"
        "<section><h2>Reproduce</h2><pre>{commands}</pre>{made_with}</section>"
        "<script>{library}</script><script>{script}</script></body></html>\n",
        policy=POLICY,
        title=report.title,
        style=STYLE,
        sections=join(_section(s) for s in (report.overview, *report.sections) if s),
        commands="\n".join(report.commands),
        made_with=made_with,
        library=library(),
        script=SCRIPT,
    )


def _section(section: Section) -> Markup:
    notes = fill("<p>Notes:</p><blockquote>{}</blockquote>", section.notes) if section.notes else ""
    return fill(
        "<section><h2>{}</h2><h3>Target</h3>{}<h3>Result</h3>{}{}{}{}"
        '<h3>Analysis</h3><div class="analysis"><ul>{}</ul></div></section>',
        section.title,
        _paragraphs(section.target),
        _paragraphs(section.result),
        join(map(_table, section.tables)),
        join(map(_chart, section.figures)),
        notes,
        join(fill("<li>{}</li>", question) for question in section.questions),
    )


def _paragraphs(texts: tuple[str, ...]) -> Markup:
    return join(fill("<p>{}</p>", text) for text in texts)


def _table(table: Table) -> Markup:
    def line(cells: tuple[str, ...], tag: str) -> Markup:
        row = join(fill("<{tag}>{}</{tag}>", cell, tag=tag) for cell in cells)
        return fill("<tr>{}</tr>", row)

    return fill(
        '<div class="scroll"><table{}>{}{}</table></div>',
        Markup(' class="figures"') if len(table.head) > 3 else "",
        line(table.head, "th"),
        join(line(row, "td") for row in table.rows),
    )


def _chart(figure: Figure) -> Markup:
    """A chart's element and its data; `<` is escaped, so that no tag can start in the data."""
    data = json.dumps(figure, ensure_ascii=False).replace("<", "\\u003c")
    return fill(
        '<div class="plot" style="height:{}px"></div><script type="application/json">{}</script>',
        figure["layout"]["height"],
        Markup(data),  # noqa: S704 (entities are not decoded inside a script element)
    )
