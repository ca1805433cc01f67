// Whether strokes are certainly one digit: all are joined by the first of the rules of
// mnistlab/drawing/segmentation.py, which joins whatever the other strokes are. If not, they may
// still be one digit, which the server says.

const NEAR = 0.25, TOUCHING = 0.05, TALL = 0.8, OVERLAP = 0.5, HALVES = 0.16;
const MARGIN = 0.8; // the server measures between other points of the same lines

function isOneDigit(lines) {
  const drawn = lines.filter((line) => line.length), boxes = drawn.map(boxOf);
  const tallest = Math.max(...boxes.map(([, top, , bottom]) => bottom - top));
  const joined = new Set([0]), waiting = [0];
  while (waiting.length) {
    const one = waiting.pop();
    for (let other = 0; other < drawn.length; other++) {
      if (joined.has(other) || !belong(drawn, boxes, tallest, one, other)) continue;
      joined.add(other);
      waiting.push(other);
    }
  }
  return joined.size === Math.max(1, drawn.length);
}

function boxOf(line) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of line) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

// Two parts that touch, or of which one is above, below or inside the other.
function belong(lines, boxes, tallest, one, other) {
  const [a, b] = [boxes[one], boxes[other]];
  const heights = [a[3] - a[1], b[3] - b[1]];
  const height = Math.max(...heights, 0.6 * tallest, 1e-9);
  const gaps = [0, 1].map((axis) => Math.max(a[axis], b[axis]) - Math.min(a[axis + 2], b[axis + 2]));
  if (Math.max(...gaps) > MARGIN * NEAR * height) return false;
  const enough = (MARGIN * TOUCHING * height) ** 2;
  const distance = Math.sqrt(leastSquare(lines[one], lines[other], enough)) / height;
  if (distance <= MARGIN * TOUCHING) return true;
  const narrow = Math.max(Math.min(a[2] - a[0], b[2] - b[0]) / height, TOUCHING);
  const isAbove = -gaps[0] / height >= OVERLAP * narrow;
  return isAbove && (Math.min(...heights) / height <= TALL || distance <= MARGIN * HALVES);
}

// The square of the least distance between two lines' points, or any that is small enough.
function leastSquare(first, second, enough) {
  let least = Infinity;
  for (const [x, y] of first) {
    for (const point of second) {
      const square = (x - point[0]) ** 2 + (y - point[1]) ** 2;
      if (square < least) least = square;
    }
    if (least <= enough) break;
  }
  return least;
}
