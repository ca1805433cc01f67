// Draws a figure, or updates the one that this component has drawn before.

// Each component's script is a module of its own, so what all charts share is on `window`.
const FAILED = "The chart library could not be loaded. Reload the page.";

// What projectors show has larger type (--lab-scale of style.css); a figure's sizes are in pixels.
const scaleOf = (node) => +getComputedStyle(node).getPropertyValue("--lab-scale") || 1;
const enlarge = (traces, layout, scale) => {
  if (scale === 1) return;
  layout.font.size = 12 * scale;
  const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  const fonts = [
    layout.title?.font,
    layout.legend?.font,
    ...axes.map((name) => layout[name].tickfont),
    ...(layout.shapes ?? []).map((shape) => shape.label?.font),
    ...traces.map((trace) => trace.textfont),
  ].filter((font) => font?.size);
  for (const font of fonts) font.size *= scale;
  // Points with a number in them grow with it.
  for (const { marker } of traces.filter((trace) => trace.mode?.includes("text"))) {
    marker.size = marker.size.map((size) => size * scale);
  }
  for (const side of ["l", "t", "b"]) layout.margin[side] *= scale;
};

const library = (address) => {
  window.labPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.labPlotly = undefined; // the next update tries again
      reject(new Error(FAILED));
    };
    document.head.append(script);
  });
  return window.labPlotly;
};

const draw = (node, Plotly) => {
  const { figure } = node.lab;
  const style = getComputedStyle(node);
  const textColor = style.getPropertyValue("--st-text-color") || style.color;
  const background = style.getPropertyValue("--st-background-color") || "white";
  const scale = scaleOf(node);
  const content = JSON.stringify([figure, textColor, background, scale, node.lab.resets]);
  if (content === node.lab.content) return;
  node.lab.content = content;
  const layout = {
    ...structuredClone(figure.layout),
    height: node.offsetHeight, // the figure's own, or what the style gives a board
    font: { color: textColor, family: style.fontFamily },
    hoverlabel: { bgcolor: background, font: { color: textColor } },
  };
  // While an axis' revision stays the same, plotly keeps the reader's zoom.
  for (const name of Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))) {
    layout[name] = { ...layout[name], uirevision: `${node.lab.resets}` };
  }
  // By default plotly picks the text color for an opaque cell, but our cells are transparent.
  const traces = structuredClone(figure.data).map((trace) =>
    trace.texttemplate ? { ...trace, textfont: { color: textColor } } : trace
  );
  enlarge(traces, layout, scale);
  Plotly.react(node, traces, layout, {
    displaylogo: false,
    displayModeBar: false,
    doubleClick: false,
  });
};

const start = (node, Plotly) => {
  draw(node, Plotly);
  if (node.lab.observer) return;
  // A chart in a closed tab or expander has no width until it is shown.
  node.lab.observer = new ResizeObserver(() => {
    if (!node.offsetWidth) return;
    draw(node, Plotly);
    Plotly.Plots.resize(node);
  });
  node.lab.observer.observe(node);
  node.on("plotly_click", ({ points }) => {
    const { customdata } = points[0];
    if (customdata !== undefined) node.lab.click(customdata);
  });
  // Plotly would go back to the range of the first figure, which is empty for a new run.
  node.on("plotly_doubleclick", () => {
    node.lab.resets += 1;
    draw(node, Plotly);
  });
};

export default function ({ data, parentElement, setTriggerValue }) {
  const node = parentElement.querySelector(".plot");
  node.lab ??= { resets: 0 };
  node.lab.figure = data.figure;
  node.lab.click = (customdata) => setTriggerValue("clicked", customdata);
  const isClickable = data.figure.data.some((trace) => trace.customdata);
  node.classList.toggle("lab-clickable", isClickable);
  node.style.height = `${data.figure.layout.height}px`;
  // Once the library is there, drawing at once spares the page a frame without the new figure.
  if (window.Plotly) return void start(node, window.Plotly);
  library(data.library).then(
    (Plotly) => start(node, Plotly),
    (error) => {
      node.textContent = error.message;
    }
  );
}
