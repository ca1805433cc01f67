// Before a page's first element is drawn: large type, and a curtain.

// `?big=1` is for projectors: larger type, charts at full width. It lasts until the tab is closed, as
// links between pages do not carry it along, or until `?big=0`.
(() => {
  const big = new URLSearchParams(location.search).get("big") ?? sessionStorage.getItem("lab-big");
  sessionStorage.setItem("lab-big", big ?? "0");
  document.documentElement.classList.toggle("lab-big", big === "1");
})();

// Hides a page that has just been opened until its elements have their sizes: the first one whole, a
// later one below its links.
//
// Streamlit fetches the code of each kind of element separately and meanwhile draws a placeholder
// of another height, so everything below it would move several times.
(() => {
  const UNFINISHED = ["[data-testid=stSkeleton]", ".picture:empty", ".plot:not([style*=height])"];
  // The canvas draws itself in a shadow root; canvas_buttons.py then hides its toolbar.
  const isCanvasFinished = (page) =>
    [...page.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
      .every((host) => host.shadowRoot?.querySelector(".lab-style"));
  const STEP = 30; // milliseconds
  const PAUSE = 600; // without a new element: what is slow to compute is drawn later, below
  const LONGEST = 5000; // whatever happens, the page is not hidden for longer
  const root = document.documentElement;
  let timer;
  const hide = (...names) => {
    let drawn = 0; // milliseconds since the first element was drawn
    let pause = 0; // since the last one
    let count = 0;
    clearInterval(timer);
    root.classList.add(...names);
    timer = setInterval(() => {
      const page = document.querySelector(".stMainBlockContainer:has(.stElementContainer)");
      if (!page) return;
      const last = count;
      count = page.querySelectorAll(".stElementContainer").length;
      drawn += STEP;
      pause = count === last ? pause + STEP : 0;
      const isRunning = document.querySelector(".stApp")?.dataset.testScriptState !== "notRunning";
      // Text in another font takes other lines.
      const isFinished = document.fonts.status === "loaded"
        && !page.querySelector(UNFINISHED.join()) && isCanvasFinished(page);
      if ((isFinished && (!isRunning || pause > PAUSE)) || drawn > LONGEST) {
        root.classList.remove("lab-loading", "lab-next-page");
        clearInterval(timer);
      }
    }, STEP);
  };
  hide("lab-loading");
  // Streamlit names the page in the address when it begins to draw it.
  let path = location.pathname;
  const onAddress = () => {
    if (location.pathname !== path) hide("lab-loading", "lab-next-page");
    path = location.pathname;
  };
  for (const name of ["pushState", "replaceState"]) {
    const change = history[name];
    history[name] = function (...values) {
      change.apply(this, values);
      onAddress();
    };
  }
  addEventListener("popstate", onAddress);
})();
