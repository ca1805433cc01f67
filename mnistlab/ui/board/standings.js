// The standings: an update keeps the focus and the place to which somebody has scrolled.

export default function ({ data, parentElement, setTriggerValue }) {
  const node = parentElement.querySelector(".lab-board-table");
  if (node.lab !== data.html) {
    const focused = node.contains(document.activeElement) && document.activeElement.dataset.person;
    const top = node.scrollTop;
    node.innerHTML = data.html;
    node.lab = data.html;
    node.scrollTop = top;
    if (focused) {
      node.querySelector(`[data-person="${focused}"]`)?.focus({ preventScroll: true });
    }
  }
  node.onclick = (event) => {
    const link = event.target.closest("a");
    // The browser opens a new tab for these.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("opened", +link.dataset.run);
  };
}
