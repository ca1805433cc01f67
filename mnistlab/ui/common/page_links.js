// Lets links between pages do what links do: a click with Ctrl, Cmd, Shift or the middle button and
// "Copy link address" lead to the page that the link names, the Back button to the address that was
// left, and a click on a page that is still loading is not lost.
(() => {
  const LINK = ".stPageLink a";
  const RERUN = (11 << 3) | 2; // the first byte of Streamlit's message BackMsg.rerun_script
  // Streamlit opens the page in place at every click, whichever key is held. A click that it does
  // not get is the browser's own.
  const pageOf = (path) => path.split("/").pop(); // "" is home
  let shown = pageOf(location.pathname); // the page that Streamlit draws
  // The page that a click or the Back button has just asked for, until Streamlit draws it.
  const next = { page: null, until: 0, asked: false };
  const askFor = (page) => {
    Object.assign(next, { page, until: performance.now() + 10_000, asked: false });
  };
  const isAwaited = () => next.page !== null && performance.now() < next.until;
  document.addEventListener(
    "click",
    (event) => {
      next.page = null;
      const link = event.target.closest?.(LINK);
      if (!link) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation();
      else if (pageOf(link.pathname) !== shown) askFor(pageOf(link.pathname));
    },
    true,
  );
  // An address is a step for Back, but not if it only completes the one before it, as Train's does by
  // the run that it shows. On the way to another page Streamlit adds one that lacks parameters of the
  // page that is left, and a network or a tab would be lost: the next page takes its place.
  const push = history.pushState;
  const includes = (one, other) =>
    [...other.searchParams].every(([name, text]) => one.searchParams.get(name) === text);
  // What a page writes into its address when Back has led to it would be a step that cuts off Forward.
  let isRestored = false;
  addEventListener("popstate", () => (isRestored = true));
  for (const input of ["pointerdown", "keydown"]) {
    addEventListener(input, () => (isRestored = false), true);
  }
  let droppedAt = -Infinity; // the time at which an address without some parameters was added
  history.pushState = function (state, title, address) {
    const here = new URL(location.href);
    const there = new URL(address ?? "", here);
    const isOtherPage = there.pathname !== here.pathname;
    // The answer to a request that the page which Back has left made just before: not where we are.
    if (isRestored && isAwaited() && pageOf(there.pathname) !== next.page) return;
    const completes = !isOtherPage && includes(there, here);
    const isBetween = isOtherPage && performance.now() - droppedAt < 10_000;
    const hasDropped = !isOtherPage && !completes && includes(here, there);
    droppedAt = hasDropped ? performance.now() : -Infinity;
    const isNoStep = completes || isBetween || (isRestored && !isOtherPage);
    if (isNoStep) history.replaceState(state, title, address);
    else push.call(this, state, title, address);
  };
  // Until the next page is there a part of the present one may still ask to run it, as a canvas does
  // that has just loaded. Streamlit would run the present page instead of the next one.
  addEventListener("popstate", () => {
    const page = pageOf(location.pathname);
    if (page !== shown || next.page !== null) askFor(page);
  });
  addEventListener("message", ({ data }) => {
    if (data?.type !== "SET_CURRENT_PAGE_NAME") return;
    shown = data.currentPageName;
    if (shown === next.page) next.page = null;
  });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (isAwaited() && data[0] === RERUN) {
      if (next.asked) return;
      next.asked = true;
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
