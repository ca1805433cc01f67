// The pen of the canvas, and the line that the server will make of its stroke.
//
// The canvas is fabric.js' PencilBrush: it thins its points out and makes a path of curves from
// middle to middle, which mnistlab/drawing/strokes.py samples. The same steps, in the same order.

const NEAREST = 0.4; // pixels between two points of a stroke
const SAMPLES = 4; // a curve

const isSame = (a, b) => a[0] === b[0] && a[1] === b[1];

// With the shift key held down the line is straight: the point replaces the last one.
function addPoint(points, point, isStraight) {
  if (points.length > 1 && isSame(points.at(-1), point)) return;
  if (isStraight && points.length > 1) points.pop();
  points.push(point);
}

function thinned(points) {
  if (points.length <= 2) return points;
  const kept = [points[0]];
  for (const [x, y] of points.slice(1, -2)) {
    const last = kept.at(-1);
    if ((last[0] - x) ** 2 + (last[1] - y) ** 2 >= NEAREST ** 2) kept.push([x, y]);
  }
  kept.push(points.at(-1));
  return kept;
}

// The smooth line of a stroke's points [x, y] with a brush of this width; both ends are a little
// longer, which makes a dot visible.
function penLine(points, brush) {
  const pen = thinned(points), extra = brush / 1000, size = pen.length;
  const ahead = (from, to) => (size > 2 ? [0, 1].map((a) => Math.sign(to[a] - from[a])) : [1, 0]);
  const start = ahead(pen[1], pen[2]), end = ahead(pen[size - 2], pen[size - 1]);
  const line = [[0, 1].map((axis) => pen[0][axis] - start[axis] * extra)];
  for (let i = 0; i + 1 < size; i++) {
    if (isSame(pen[i], pen[i + 1])) continue;
    const from = line.at(-1), control = pen[i];
    const to = [0, 1].map((axis) => (pen[i][axis] + pen[i + 1][axis]) / 2);
    for (let step = 1; step <= SAMPLES; step++) {
      const t = step / SAMPLES;
      line.push([0, 1].map((axis) =>
        (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * control[axis] + t ** 2 * to[axis]));
    }
  }
  line.push([0, 1].map((axis) => pen[size - 1][axis] + end[axis] * extra));
  return line;
}
