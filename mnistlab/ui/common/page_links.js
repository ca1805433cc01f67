// Lets links between pages do what links do: a click with Ctrl, Cmd, Shift or the middle button and
// "Copy link address" lead to the page that the link names, the Back button to the address that was
// left, and a click on a page that is still loading is not lost.
(() => {
  const LINK = ".stPageLink a";
  const RERUN = (11 << 3) | 2; // the first byte of Streamlit's message BackMsg.rerun_script
  // Streamlit opens the page in place at every click, whichever key is held. A click that it does
  // not get is the browser's own.
  let pathLeft = ""; // by a link that was just clicked
  const leaving = { path: "", until: 0, asked: false }; // the same, until the other page is there
  document.addEventListener(
    "click",
    (event) => {
      pathLeft = leaving.path = "";
      const link = event.target.closest?.(LINK);
      if (!link) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation();
      else if (link.pathname !== location.pathname) {
        pathLeft = location.pathname;
        Object.assign(leaving, { path: pathLeft, until: performance.now() + 10_000, asked: false });
      }
    },
    true,
  );
  // Between two pages Streamlit adds the first one's path without its parameters to the history.
  // Back would lead there, and a network or a tab that was in the address would be lost.
  const push = history.pushState;
  history.pushState = function (state, title, address) {
    const next = new URL(address ?? "", location.href);
    const isBetween = pathLeft && next.pathname === pathLeft && !next.search;
    pathLeft = "";
    if (next.pathname !== leaving.path) leaving.path = "";
    if (!isBetween) push.call(this, state, title, address);
  };
  // Between the click and the new page a part of the old one may still ask to run it, as a canvas
  // does that has just loaded. Streamlit would run the old page instead of the new one.
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const isLeaving = leaving.path === location.pathname && performance.now() < leaving.until;
    if (isLeaving && data[0] === RERUN) {
      if (leaving.asked) return;
      leaving.asked = true;
    }
    send.call(this, data);
  };
  // Streamlit's links to the home page have no path, and without one a link leads to the page that
  // it is on. Paths are relative, so that they also hold where all addresses begin with another path.
  const WITHOUT_PATH = `${LINK}[href=""], ${LINK}[href^="?"]`;
  new MutationObserver(() => {
    for (const link of document.querySelectorAll(WITHOUT_PATH)) {
      link.setAttribute("href", `./${link.getAttribute("href")}`);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["href"] });
})();
