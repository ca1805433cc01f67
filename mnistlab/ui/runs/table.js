// The table of runs: a click on a name opens the run here, a box selects it.

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const node = parentElement.querySelector(".lab-runs");
  const boxes = () => [...node.querySelectorAll("tbody input")];
  const all = () => node.querySelector("thead input");
  const markRows = () => {
    for (const box of boxes()) box.closest("tr").classList.toggle("lab-selected", box.checked);
    const n = boxes().filter((box) => box.checked).length;
    all().checked = n > 0 && n === boxes().length;
    all().indeterminate = n > 0 && n < boxes().length;
  };
  // An update of the same rows leaves the boxes as they are: they may be newer than the server's.
  const ids = data.ids.join();
  const selected = new Set(
    node.dataset.ids === ids
      ? boxes().filter((box) => box.checked).map((box) => box.value)
      : data.selected.map(String)
  );
  if (node.lab !== data.html) {
    const focused = node.contains(document.activeElement) && document.activeElement.dataset.focus;
    node.innerHTML = data.html;
    node.lab = data.html;
    if (focused) node.querySelector(`[data-focus="${focused}"]`)?.focus();
    for (const box of boxes()) box.checked = selected.has(box.value);
  }
  node.dataset.ids = ids;
  markRows();
  node.onchange = ({ target }) => {
    if (target === all()) for (const box of boxes()) box.checked = target.checked;
    markRows();
    setStateValue("selected", boxes().filter((box) => box.checked).map((box) => +box.value));
  };
  node.onclick = (event) => {
    const link = event.target.closest("a");
    // The browser opens a new tab for these.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("opened", +link.dataset.run);
  };
}
