// A network from its description: a list of layers, each a list of operations with the shapes
// [channels, height, width] that go in and come out, and where their weights are.
// Maps are Float64Arrays, channel by channel, row by row.

const OPERATIONS = {
  convolution: (maps, one, weights) => convolve(maps, one, weights),
  depthwise: (maps, one, weights) => convolve(maps, one, weights, true),
  add: (maps, one, weights, blockInput) => maps.map((value, i) => value + blockInput[i]),
  relu: (maps) => maps.map((value) => (value > 0 ? value : 0)),
  leaky: (maps) => maps.map((value) => (value > 0 ? value : 0.01 * value)),
  gelu: (maps) => maps.map((value) => (value * (1 + erf(value / Math.SQRT2))) / 2),
  maxPool: (maps, one) => pool(maps, one, Math.max, -Infinity),
  average: (maps, one) =>
    pool(maps, one, (a, b) => a + b, 0).map((sum) => sum / one.kernel ** 2),
};

// The error function, by its power series near 0 and its continued fraction farther out
// (M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions", 1964, 7.1.6 and 7.1.14).
function erf(x) {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  const factor = (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z);
  let result;
  if (z < 2.5) {
    let term = z, sum = z;
    for (let n = 1; term > 1e-17 * sum; n++) sum += term *= (2 * z * z) / (2 * n + 1);
    result = factor * sum;
  } else {
    let fraction = z;
    for (let n = 40; n >= 1; n--) fraction = z + n / 2 / fraction;
    result = 1 - factor / 2 / fraction;
  }
  return x < 0 ? -result : result;
}

// A convolution with stride 1. A depthwise one has one kernel a channel.
function convolve(maps, one, weights, isDepthwise = false) {
  const [filters, outHeight, outWidth] = one.output, kernel = one.kernel;
  const { maps: input, shape } = padded(maps, one.input, one.padding);
  const [channels, height, width] = shape;
  const result = new Float64Array(filters * outHeight * outWidth);
  const add = kernel === 3 ? addKernel3 : addKernel;
  let weight = one.weights;
  for (let filter = 0; filter < filters; filter++) {
    const out = filter * outHeight * outWidth;
    if (one.biases !== null) {
      result.fill(weights[one.biases + filter], out, out + outHeight * outWidth);
    }
    for (let c = isDepthwise ? filter : 0; c < (isDepthwise ? filter + 1 : channels); c++) {
      add(input, c * height * width, width, weights, weight, result, out, outHeight, outWidth, kernel);
      weight += kernel * kernel;
    }
  }
  return result;
}

// One channel's part of one feature map, for any kernel.
function addKernel(input, from, width, weights, weight, result, out, outHeight, outWidth, kernel) {
  for (let ky = 0; ky < kernel; ky++) {
    for (let kx = 0; kx < kernel; kx++) {
      const w = weights[weight + ky * kernel + kx];
      for (let y = 0; y < outHeight; y++) {
        const source = from + (y + ky) * width + kx, target = out + y * outWidth;
        for (let x = 0; x < outWidth; x++) result[target + x] += w * input[source + x];
      }
    }
  }
}

// The same for 3×3, where nearly all of the time goes: nine weights and six pixels stay in
// registers while the window slides along a row.
function addKernel3(input, from, width, weights, weight, result, out, outHeight, outWidth) {
  const w0 = weights[weight], w1 = weights[weight + 1], w2 = weights[weight + 2];
  const w3 = weights[weight + 3], w4 = weights[weight + 4], w5 = weights[weight + 5];
  const w6 = weights[weight + 6], w7 = weights[weight + 7], w8 = weights[weight + 8];
  for (let y = 0; y < outHeight; y++) {
    let top = from + y * width, middle = top + width, bottom = middle + width;
    let a0 = input[top], a1 = input[top + 1];
    let b0 = input[middle], b1 = input[middle + 1];
    let c0 = input[bottom], c1 = input[bottom + 1];
    const end = out + (y + 1) * outWidth;
    for (let target = end - outWidth; target < end; target++) {
      const a2 = input[top + 2], b2 = input[middle + 2], c2 = input[bottom + 2];
      result[target] += w0 * a0 + w1 * a1 + w2 * a2 + w3 * b0 + w4 * b1 + w5 * b2 +
        w6 * c0 + w7 * c1 + w8 * c2;
      a0 = a1; a1 = a2; b0 = b1; b1 = b2; c0 = c1; c1 = c2;
      top++; middle++; bottom++;
    }
  }
}

// Maps with a border of zeros.
function padded(maps, [channels, height, width], padding) {
  if (!padding) return { maps, shape: [channels, height, width] };
  const shape = [channels, height + 2 * padding, width + 2 * padding];
  const result = new Float64Array(shape[0] * shape[1] * shape[2]);
  for (let row = 0; row < channels * height; row++) {
    const channel = Math.floor(row / height), y = (row % height) + padding;
    result.set(maps.subarray(row * width, (row + 1) * width),
      (channel * shape[1] + y) * shape[2] + padding);
  }
  return { maps: result, shape };
}

// Windows that do not overlap, each combined to one value; what does not fill one is left out.
function pool(maps, { input: [, height, width], output, kernel }, combine, first) {
  const [channels, outHeight, outWidth] = output;
  const result = new Float64Array(channels * outHeight * outWidth).fill(first);
  for (let c = 0, target = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, target++) {
        for (let i = 0; i < kernel * kernel; i++) {
          const row = y * kernel + Math.floor(i / kernel), column = x * kernel + (i % kernel);
          result[target] = combine(result[target], maps[(c * height + row) * width + column]);
        }
      }
    }
  }
  return result;
}

// Every layer's maps for an image (784 gray values, 0–255); the last layer's are the ten logits.
function layerMaps(network, weights, image) {
  let maps = Float64Array.from(image, (value) => (value / 255 - network.mean) / network.std);
  return network.layers.map((layer) => {
    const blockInput = maps;
    for (const one of layer.operations) maps = OPERATIONS[one.type](maps, one, weights, blockInput);
    return maps;
  });
}
