// Lets links between pages do what links do: a click with Ctrl, Cmd, Shift or the middle button and
// "Copy link address" lead to the page that the link names, and the Back button to the address that
// was left.
(() => {
  const LINK = ".stPageLink a";
  // Streamlit opens the page in place at every click, whichever key is held. A click that it does
  // not get is the browser's own.
  let pathLeft = ""; // by a link that was just clicked
  document.addEventListener(
    "click",
    (event) => {
      pathLeft = "";
      const link = event.target.closest?.(LINK);
      if (!link) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation();
      else if (link.pathname !== location.pathname) pathLeft = location.pathname;
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
    if (!isBetween) push.call(this, state, title, address);
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
