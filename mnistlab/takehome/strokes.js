// Pen strokes as MNIST's own digits: 28×28, white on black, at MNIST's stroke width.
// The same steps, in the same order, as mnistlab/drawing/strokes.py and digit.py.

const SIDE = 28, BOX = 20, THICKNESS = 2.45;
const DOT = 1e-100; // a smaller drawing is a dot: its scale would overflow
const GRID = 8; // points are merged on a grid of 1/8 pixel
const CURVE_SEGMENTS = 4;

const clip = (value, low, high) => Math.min(Math.max(value, low), high);

// numpy's, Python's and PyTorch's rounding: a half goes to the even neighbor.
function roundHalfToEven(value) {
  const floor = Math.floor(value), rest = value - floor;
  return rest === 0.5 ? floor + (Math.abs(floor) % 2) : floor + (rest > 0.5 ? 1 : 0);
}

// The points [x, y] of a pen as a smooth line: curves from middle to middle, as the lab's canvas
// draws them, each sampled at a few points.
function smoothStroke(points) {
  const pen = points.filter(([x, y], i) => !i || x !== points[i - 1][0] || y !== points[i - 1][1]);
  const line = [pen[0]];
  for (let i = 0; i + 1 < pen.length; i++) {
    const start = line[line.length - 1], control = pen[i];
    const end = [0, 1].map((axis) => (pen[i][axis] + pen[i + 1][axis]) / 2);
    for (let step = 1; step <= CURVE_SEGMENTS; step++) {
      const t = step / CURVE_SEGMENTS;
      line.push([0, 1].map((axis) =>
        (1 - t) ** 2 * start[axis] + 2 * t * (1 - t) * control[axis] + t ** 2 * end[axis]));
    }
  }
  line.push(pen[pen.length - 1]);
  return line;
}

// The 28×28 input (784 gray values, 0–255) of smooth lines; null if there is no point.
function digitFromStrokes(lines) {
  const drawn = lines.filter((line) => line.length);
  if (!drawn.length) return null;
  // The bounding box, without spreading: a drawing may have more points than a call has arguments.
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  for (const line of drawn) {
    for (const point of line) {
      for (const axis of [0, 1]) {
        low[axis] = Math.min(low[axis], point[axis]);
        high[axis] = Math.max(high[axis], point[axis]);
      }
    }
  }
  // The box includes half a stroke width around the points. A dot has the size of the pen.
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  const scale = extent > DOT ? (BOX - THICKNESS) / extent : 0;
  const placed = drawn.map((line) => line.map((point) => [0, 1].map((axis) =>
    clip((point[axis] - low[axis]) * scale, 0, BOX - THICKNESS) + THICKNESS / 2)));
  return centeredByMass(rasterize(placed));
}

// Lines with round caps, antialiased, in the smallest image that holds them. A pixel's value is
// the distance of its center from the stroke's edge plus ½, clipped to 0–1.
function rasterize(lines) {
  const reach = [0, 1].map((axis) =>
    lines.reduce((most, line) => line.reduce((m, point) => Math.max(m, point[axis]), most), 0));
  const [width, height] = reach.map((end) =>
    Math.max(1, Math.ceil(end + THICKNESS / 2 - 1e-9)));
  const nearest = new Float64Array(width * height).fill(Infinity);
  for (const line of lines) {
    const points = line.filter((point, i) => !i || [0, 1].some((axis) =>
      roundHalfToEven(point[axis] * GRID) !== roundHalfToEven(line[i - 1][axis] * GRID)));
    for (let i = 0; i < Math.max(1, points.length - 1); i++) {
      measure(points[i], points[Math.min(i + 1, points.length - 1)], nearest, width, height);
    }
  }
  const pixels = nearest.map((squared) =>
    roundHalfToEven(255 * clip(THICKNESS / 2 + 0.5 - Math.sqrt(squared), 0, 1)));
  return { pixels, width, height };
}

// Lower each pixel's squared distance to that from the segment from `a` to `b`, where it matters:
// farther away than half the thickness and half a pixel there is no ink.
function measure(a, b, nearest, width, height) {
  const reach = THICKNESS / 2 + 1;
  const along = [b[0] - a[0], b[1] - a[1]];
  const length = Math.max(along[0] ** 2 + along[1] ** 2, 1e-12);
  const [left, top] = [0, 1].map((axis) =>
    Math.max(0, Math.floor(Math.min(a[axis], b[axis]) - reach)));
  const [right, bottom] = [[0, width], [1, height]].map(([axis, size]) =>
    Math.min(size, Math.ceil(Math.max(a[axis], b[axis]) + reach)));
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      // The nearest point is a + t (b − a), t = (p − a) · (b − a) / |b − a|², clipped to 0–1.
      const fromX = x + 0.5 - a[0], fromY = y + 0.5 - a[1];
      const t = clip(fromX * (along[0] / length) + fromY * (along[1] / length), 0, 1);
      const squared = (fromX - t * along[0]) ** 2 + (fromY - t * along[1]) ** 2;
      if (squared < nearest[y * width + x]) nearest[y * width + x] = squared;
    }
  }
}

// An image of at most 20×20 in 28×28, its center of mass on pixel 14.
function centeredByMass({ pixels, width, height }) {
  let mass = 0, sumX = 0, sumY = 0;
  pixels.forEach((value, i) => {
    mass += value;
    sumX += value * (i % width);
    sumY += value * Math.floor(i / width);
  });
  // Very asymmetric ink would leave the image: all of it is kept.
  const column = clip(roundHalfToEven(SIDE / 2 - sumX / mass), 0, SIDE - width);
  const row = clip(roundHalfToEven(SIDE / 2 - sumY / mass), 0, SIDE - height);
  const image = new Float64Array(SIDE * SIDE);
  pixels.forEach((value, i) => {
    image[(row + Math.floor(i / width)) * SIDE + column + (i % width)] = value;
  });
  return image;
}

// The views of test-time augmentation, as mnistlab/data/tta.py makes them: [degrees, shift to the
// right, shift down, magnification] each, sampled bilinearly, black outside. The first is the image.
function viewsOf(image, views) {
  return views.map(([degrees, right, down, zoom], number) => {
    if (!number) return image;
    const angle = (degrees * Math.PI) / 180;
    const cos = Math.cos(angle) / zoom, sin = Math.sin(angle) / zoom;
    const pixel = (x, y) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : image[y * SIDE + x]);
    const view = new Float64Array(SIDE * SIDE);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        // The pixel's source, relative to the center of the image.
        const fromX = x - (SIDE - 1) / 2, fromY = y - (SIDE - 1) / 2;
        const sourceX = cos * fromX + sin * fromY - right + (SIDE - 1) / 2;
        const sourceY = cos * fromY - sin * fromX - down + (SIDE - 1) / 2;
        const x0 = Math.floor(sourceX), y0 = Math.floor(sourceY);
        const dx = sourceX - x0, dy = sourceY - y0;
        view[y * SIDE + x] = roundHalfToEven(
          pixel(x0, y0) * (1 - dx) * (1 - dy) + pixel(x0 + 1, y0) * dx * (1 - dy) +
          pixel(x0, y0 + 1) * (1 - dx) * dy + pixel(x0 + 1, y0 + 1) * dx * dy);
      }
    }
    return view;
  });
}
