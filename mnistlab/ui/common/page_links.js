// Lets links between pages do what links do: a click with Ctrl, Cmd, Shift or the middle button and
// "Copy link address" lead to the page that the link names, the Back button to the address that was
// left, and a click on a page that is still loading is not lost.
(() => {
  const LINK = ".stPageLink a";
  const RERUN = (11 << 3) | 2; // the first byte of Streamlit's message BackMsg.rerun_script
  // Streamlit opens the page in place at every click, whichever key is held. A click that it does
  // not get is the browser's own.
  // The page that a click has just left, until the other one is there.
  const leaving = { path: "", until: 0, asked: false };
  document.addEventListener(
    "click",
    (event) => {
      leaving.path = "";
      const link = event.target.closest?.(LINK);
      if (!link) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation();
      else if (link.pathname !== location.pathname) {
        leaving.path = location.pathname;
        leaving.until = performance.now() + 10_000;
        leaving.asked = false;
      }
    },
    true,
  );
  // An address is a step for Back, but not if it only completes the one before it, as Train's does by
  // the run that it shows. On the way to another page Streamlit adds one that lacks parameters of the
  // page that is left, and a network or a tab would be lost: the next page takes its place.
  const push = history.pushState;
  const includes = (one, other) =>
    [...other.searchParams].every(([name, text]) => one.searchParams.get(name) === text);
  let droppedAt = -Infinity; // the time at which an address without some parameters was added
  history.pushState = function (state, title, address) {
    const here = new URL(location.href);
    const next = new URL(address ?? "", here);
    const isOtherPage = next.pathname !== here.pathname;
    const completes = !isOtherPage && includes(next, here);
    const isBetween = isOtherPage && performance.now() - droppedAt < 10_000;
    const hasDropped = !isOtherPage && !completes && includes(here, next);
    droppedAt = hasDropped ? performance.now() : -Infinity;
    if (next.pathname !== leaving.path) leaving.path = "";
    if (completes || isBetween) history.replaceState(state, title, address);
    else push.call(this, state, title, address);
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
