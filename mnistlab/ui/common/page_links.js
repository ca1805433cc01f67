// Lets links between pages do what links do: a click with Ctrl, Cmd, Shift or the middle button and
// "Copy link address" lead to the page that the link names.
(() => {
  const LINK = ".stPageLink a";
  // Streamlit opens the page in place at every click, whichever key is held. A click that it does
  // not get is the browser's own.
  document.addEventListener(
    "click",
    (event) => {
      const hasModifier = event.ctrlKey || event.metaKey || event.shiftKey;
      if (hasModifier && event.target.closest?.(LINK)) event.stopPropagation();
    },
    true,
  );
  // Streamlit's links to the home page have no path, and without one a link leads to the page that
  // it is on. Paths are relative, so that they also hold where all addresses begin with another path.
  const WITHOUT_PATH = `${LINK}[href=""], ${LINK}[href^="?"]`;
  new MutationObserver(() => {
    for (const link of document.querySelectorAll(WITHOUT_PATH)) {
      link.setAttribute("href", `./${link.getAttribute("href")}`);
    }
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["href"] });
})();
