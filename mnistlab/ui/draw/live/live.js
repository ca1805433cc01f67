// Draw's answer while the pen is down: the strokes on the canvas are read here, in a worker, and
// the answer covers the server's until the server has answered for the same strokes. What cannot be
// read here, and where anything fails, is left to the server.

const PATIENCE = 4000; // milliseconds until the server is believed to have other strokes
const CLOSE = 0.01; // pixels: the server's numbers are rounded

let told = null; // what the server last said
let strokes = []; // smooth lines on the canvas: the server's, and those drawn since
// The stroke being drawn: its points, the canvas, the finger's identifier (null for a mouse).
let pen = null;
let isAhead = false; // whether the canvas has, or may have, other strokes than the server
let drawing = 0; // counts what was taken back: answers for an earlier drawing are not shown
let timer, cover, reader, listeners;

// --- The reader ---

function openReader() {
  if (reader?.address === told.network) return;
  reader?.close();
  reader = null;
  if (!told.network) return;
  let worker;
  const own = (reader = { address: told.network, network: null, close: () => worker?.terminate() });
  const fail = () => {
    own.close();
    if (reader !== own) return;
    reader = null; // the server's next answer tries again
    hide();
  };
  try {
    worker = new Worker(told.reader);
  } catch {
    return fail();
  }
  own.questions = askNewest((question) => worker.postMessage(question), receive);
  worker.onmessage = ({ data }) => reader === own && own.questions.answered(data);
  worker.onerror = (event) => {
    event.preventDefault();
    fail();
  };
  fetch(told.network)
    .then((response) => (response.ok ? response.json() : Promise.reject()))
    .then((network) => {
      worker.postMessage({ network });
      own.network = network;
      if (reader === own && isAhead) ask();
    })
    .catch(fail);
}

function ask() {
  if (!reader?.network || !told.isOne) return;
  const lines = pen ? [...strokes, penLine(pen.points, told.brush)] : strokes;
  const nPoints = lines.reduce((sum, line) => sum + line.length, 0);
  if (!lines.length) {
    reader.questions.ask(null);
    show(null);
  } else if (nPoints <= told.maxPoints && isOneDigit(lines)) {
    reader.questions.ask({ strokes: lines, isSmooth: true, withViews: told.tta, drawing });
  }
}

function receive(answer, question) {
  if (isAhead && told.isOne && question.drawing === drawing) show(answer);
}

// --- The cover ---

const BARS = Array.from({ length: 10 }, (_, digit) =>
  `<span class="lab-digit">${digit}<\/span><div class="lab-bar"><div><\/div><\/div>` +
  '<span class="lab-share"><\/span>').join("");

function show(answer) {
  if (!cover.firstChild) {
    cover.innerHTML = '<div class="lab-live-answer"><b><\/b><span class="lab-note"><\/span><\/div>' +
      `<div class="lab-live-bars">${BARS}<\/div>`;
  }
  const [large, small] = describe(answer, reader.network);
  cover.querySelector("b").textContent = large;
  cover.querySelector(".lab-note").textContent = small;
  const chances = answer?.probabilities ?? Array(10).fill(0), top = answer && Math.max(...chances);
  const shares = cover.querySelectorAll(".lab-share");
  cover.querySelectorAll(".lab-bar").forEach((bar, digit) => {
    bar.firstChild.style.width = `${(100 * chances[digit]).toFixed(1)}%`;
    bar.classList.toggle("lab-top", chances[digit] === top);
    shares[digit].textContent = answer ? percent(chances[digit]) : "–";
  });
  const isMuted = Boolean(answer) && large === "?";
  cover.lastChild.classList.toggle("lab-muted", isMuted);
  cover.hidden = false;
}

function hide() {
  if (cover) cover.hidden = true;
}

// --- What is on the canvas ---

function agree(lines) {
  clearTimeout(timer);
  strokes = lines;
  isAhead = false;
  drawing++;
  hide();
}

function changed() {
  isAhead = true;
  ask();
  clearTimeout(timer);
  timer = setTimeout(giveUp, PATIENCE);
}

// The canvas may have ignored a stroke, or the server an answer.
function giveUp() {
  const isRunning = document.querySelector(".stApp")?.dataset.testScriptState !== "notRunning";
  if (pen || isRunning) timer = setTimeout(giveUp, PATIENCE);
  else agree(told.strokes);
}

const isClose = (a, b) => Math.abs(a[0] - b[0]) < CLOSE && Math.abs(a[1] - b[1]) < CLOSE;
const areSame = (some, others) => some.length === others.length && some.every((line, number) =>
  line.length === others[number].length && line.every((p, i) => isClose(p, others[number][i])));

function pointOf(place) {
  const box = pen.canvas.getBoundingClientRect();
  return [
    ((place.clientX - box.left) * pen.canvas.width) / box.width,
    ((place.clientY - box.top) * pen.canvas.height) / box.height,
  ];
}

// The canvas listens to the same events: of several fingers the first one draws.
function onDown(event) {
  const canvas = event.composedPath()[0];
  const isSecondFinger = pen && event.touches?.length > 1;
  if (isSecondFinger || event.button || !canvas.matches?.("canvas.upper-canvas")) return;
  const touch = event.changedTouches?.[0];
  pen = { canvas, touch: touch?.identifier ?? null, points: [] };
  const point = pointOf(touch ?? event);
  pen.points.push(point, point);
  changed();
}

function onMove(event) {
  const touch = event.changedTouches?.[0];
  if (!pen || (touch?.identifier ?? null) !== pen.touch) return;
  addPoint(pen.points, pointOf(touch ?? event), event.shiftKey);
  changed();
}

function onUp(event) {
  if (!pen || event.button || Boolean(event.touches) !== (pen.touch !== null)) return;
  if (event.touches?.length) return;
  strokes = [...strokes, penLine(pen.points, told.brush)];
  pen = null;
  changed();
}

function onTakeBack({ detail }) {
  strokes = detail === "clear" ? [] : strokes.slice(0, -1);
  drawing++;
  changed();
}

function listen() {
  if (listeners) return;
  listeners = new AbortController();
  const { signal } = listeners;
  const events = { mousedown: onDown, mousemove: onMove, mouseup: onUp,
    touchstart: onDown, touchmove: onMove, touchend: onUp };
  for (const [name, react] of Object.entries(events)) {
    addEventListener(name, react, { signal, capture: true, passive: true });
  }
  document.addEventListener("lab-canvas", onTakeBack, { signal });
}

// --- The server's word ---

function update({ data, parentElement }) {
  const isNewCanvas = told?.canvas !== data.canvas;
  told = data;
  cover = parentElement.querySelector(".lab-live");
  listen();
  openReader();
  if (isNewCanvas) pen = null;
  if (isNewCanvas || !isAhead) agree(data.strokes);
  else if (!pen && areSame(strokes, data.strokes)) agree(strokes);
  else if (!data.isOne || !data.network) hide();
  else ask();
}

function leave() {
  listeners?.abort();
  reader?.close();
  clearTimeout(timer);
  told = pen = listeners = reader = null;
  isAhead = false;
}

export { leave, update };
