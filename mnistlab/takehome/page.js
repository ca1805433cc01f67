// The page around the reader: the pen, the answer while one draws, the keyboard.

const network = JSON.parse(document.getElementById("network").textContent);
const byId = (id) => document.getElementById(id);
const pad = byId("pad"), pen = pad.getContext("2d");
const UNITS = 280; // the canvas' side in its own units
const WIDTH = 16; // of a line on the screen; the network gets its own

let strokes = []; // lists of points [x, y]
let drawing = null; // the stroke that is being drawn, by mouse, pen or finger
let cursor = null; // the keyboard's pen: { at: [x, y], stroke: the one it draws or null }

// --- Asking the reader, in a worker so that drawing never waits ---

const sendToReader = startReader();
// An answer for a drawing that was cleared meanwhile is not shown.
const questions = askNewest(sendToReader, (answer, question) => {
  if (question.strokes === strokes) show(answer);
});

// What passes a question on: to a worker, or, where a browser forbids workers to a file, to the page.
function startReader() {
  const direct = () => {
    const own = makeReader(network);
    return (question) => setTimeout(() => questions.answered(own.read(question.strokes, question)));
  };
  let send;
  try {
    const script = new Blob([byId("reader").textContent], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(script));
    worker.onmessage = ({ data }) => questions.answered(data);
    worker.onerror = () => {
      send = direct();
      questions.askAgain();
    };
    worker.postMessage({ network });
    send = (question) => worker.postMessage(question);
  } catch {
    send = direct();
  }
  return (question) => send(question);
}

function update() {
  byId("undo").disabled = byId("clear").disabled = !strokes.length;
  if (!strokes.length) show(null);
  questions.ask(strokes.length ? { strokes, withMaps: byId("layers").open } : null);
}

// --- The answer ---

const bars = Array.from({ length: 10 }, (_, digit) => {
  const label = document.createElement("b"), bar = document.createElement("div");
  const share = document.createElement("span");
  label.textContent = digit;
  bar.className = "bar";
  bar.append(document.createElement("div"));
  share.className = "share";
  byId("bars").append(label, bar, share);
  return { bar, share };
});

function show(answer) {
  const [large, small] = describe(answer, network);
  byId("digit").textContent = large;
  byId("verdict").textContent = small;
  const top = answer ? Math.max(...answer.probabilities) : NaN;
  bars.forEach(({ bar, share }, digit) => {
    const chance = answer ? answer.probabilities[digit] : 0;
    bar.firstChild.style.width = `${100 * chance}%`;
    bar.classList.toggle("top", chance === top);
    share.textContent = answer ? percent(chance) : "–";
  });
  byId("bars").classList.toggle("muted", large === "?");
  drawGray(byId("input"), answer ? answer.image : new Float64Array(784), 28);
  if (answer?.maps) showMaps(answer.maps);
  if (!answer) byId("maps").replaceChildren();
  // A screen reader hears an answer when the pen is lifted, not at every move.
  if (!drawing && !cursor?.stroke) {
    const spoken = answer ? `${large === "?" ? "" : `${large}: `}${small}` : "";
    if (byId("spoken").textContent !== spoken) byId("spoken").textContent = spoken;
    byId("input").ariaLabel = "The 28×28 input of the network: " +
      (answer ? "the drawing, centered" : "nothing drawn yet");
  }
}

// Gray values (0–255), row by row, on a canvas of that size.
function drawGray(canvas, values, width) {
  const image = new ImageData(width, values.length / width);
  values.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const COLUMNS = 8, MAP = 36, GAP = 2; // maps a row; pixels

// All maps of every layer, one canvas a layer; one scale a layer, black is 0 or a lower minimum.
function showMaps(maps) {
  byId("maps").replaceChildren(...network.layers.slice(0, -1).map((layer, number) => {
    const [channels, height, width] = layer.operations.at(-1).output;
    const low = maps[number].reduce((a, b) => Math.min(a, b), 0);
    const high = maps[number].reduce((a, b) => Math.max(a, b), low + 1e-9);
    const columns = Math.min(COLUMNS, channels);
    const canvas = document.createElement("canvas"), one = new OffscreenCanvas(width, height);
    canvas.width = columns * (MAP + GAP) - GAP;
    canvas.height = Math.ceil(channels / columns) * (MAP + GAP) - GAP;
    const all = canvas.getContext("2d");
    all.imageSmoothingEnabled = false;
    for (let c = 0; c < channels; c++) {
      const map = maps[number].subarray(c * height * width, (c + 1) * height * width);
      drawGray(one, map.map((value) => (255 * (value - low)) / (high - low)), width);
      const left = (c % columns) * (MAP + GAP), top = Math.floor(c / columns) * (MAP + GAP);
      all.drawImage(one, left, top, MAP, MAP);
    }
    canvas.role = "img";
    canvas.ariaLabel = `${channels} feature maps of ${height} by ${width}`;
    const caption = document.createElement("figcaption"), figure = document.createElement("figure");
    caption.textContent = `${layer.name}: ${channels} × ${height}×${width}`;
    figure.append(caption, canvas);
    return figure;
  }));
}

// --- Drawing ---

function redraw() {
  pen.setTransform(pad.width / UNITS, 0, 0, pad.height / UNITS, 0, 0);
  pen.clearRect(0, 0, UNITS, UNITS);
  pen.strokeStyle = pen.fillStyle = getComputedStyle(pad).color;
  pen.lineWidth = WIDTH;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    for (const [x, y] of smoothStroke(stroke)) pen.lineTo(x, y);
    pen.stroke();
  }
  if (cursor) {
    pen.lineWidth = 2;
    pen.strokeStyle = cursor.stroke ? "#1f6feb" : "#8a8f98";
    pen.strokeRect(cursor.at[0] - 8, cursor.at[1] - 8, 16, 16);
  }
}

let isRedrawn = false;
function changed() {
  update();
  // At most once a frame, however often the pen tells where it is.
  if (isRedrawn) return;
  isRedrawn = true;
  requestAnimationFrame(() => {
    isRedrawn = false;
    redraw();
  });
}

function pointOf(event) {
  const box = pad.getBoundingClientRect();
  return [
    ((event.clientX - box.left - pad.clientLeft) * UNITS) / pad.clientWidth,
    ((event.clientY - box.top - pad.clientTop) * UNITS) / pad.clientHeight,
  ];
}

pad.addEventListener("pointerdown", (event) => {
  if (drawing || event.button) return;
  pad.setPointerCapture(event.pointerId);
  cursor = null;
  drawing = { id: event.pointerId, stroke: [pointOf(event)] };
  strokes.push(drawing.stroke);
  changed();
});
pad.addEventListener("pointermove", (event) => {
  if (drawing?.id !== event.pointerId) return;
  const all = event.getCoalescedEvents?.() ?? [];
  drawing.stroke.push(...(all.length ? all : [event]).map(pointOf));
  changed();
});
for (const name of ["pointerup", "pointercancel"]) {
  pad.addEventListener(name, (event) => {
    if (drawing?.id !== event.pointerId) return;
    drawing = null;
    changed();
  });
}

function undo() {
  strokes = strokes.slice(0, -1);
  drawing = null;
  if (cursor) cursor.stroke = null;
  changed();
}

function clear() {
  strokes = [];
  drawing = null;
  if (cursor) cursor.stroke = null;
  changed();
}

byId("undo").addEventListener("click", undo);
byId("clear").addEventListener("click", clear);
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
  else if (event.key === "Escape") clear();
});

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
pad.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  if ((!arrow && event.key !== " ") || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  cursor ??= { at: [UNITS / 2, UNITS / 2], stroke: null };
  if (arrow) {
    const step = event.shiftKey ? 4 : 14;
    cursor.at = cursor.at.map((value, axis) => clip(value + step * arrow[axis], 0, UNITS));
    cursor.stroke?.push([...cursor.at]);
  } else if (cursor.stroke) {
    cursor.stroke = null;
  } else {
    cursor.stroke = [[...cursor.at]];
    strokes.push(cursor.stroke);
  }
  changed();
});
pad.addEventListener("blur", () => {
  cursor = null;
  changed();
});
byId("layers").addEventListener("toggle", update);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

const fill = document.querySelector("#budget div");
fill.style.width = `${100 * fill.dataset.share}%`;
redraw();
show(null);
