// The odds that an input is no digit, in units of those at the threshold, as
// mnistlab/uncertainty/model.py computes them: above 1 it is taken for no digit. `features` are the
// mean and the standard deviation of each feature map of the 3×3 layers.
function oodScore(features, { mean, scale, limit, steps, hidden, hiddenBias, output, threshold }) {
  const units = Float64Array.from(hiddenBias);
  features.forEach((feature, i) => {
    const standardized = Math.min(Math.max((feature - mean[i]) / scale[i], -limit), limit);
    for (let unit = 0, at = i * units.length; unit < units.length; unit++) {
      units[unit] += standardized * steps[i] * hidden[at++];
    }
  });
  const logOdds = units.reduce((sum, value, unit) => sum + Math.max(value, 0) * output[unit], 0);
  return Math.exp(Math.min(Math.max(threshold - logOdds, -50), 50));
}

// The features: of each 3×3 layer all means, then all standard deviations if a map has several units.
function featuresOf(network, maps) {
  const features = [];
  network.layers.forEach((layer, number) => {
    if (!layer.isFeature) return;
    const [channels, height, width] = layer.operations.at(-1).output, units = height * width;
    const mean = [], deviation = [];
    for (let c = 0; c < channels; c++) {
      const map = maps[number].subarray(c * units, (c + 1) * units);
      mean.push(map.reduce((sum, value) => sum + value, 0) / units);
      const squares = map.reduce((sum, value) => sum + (value - mean[c]) ** 2, 0);
      deviation.push(Math.sqrt(squares / (units - 1)));
    }
    features.push(...mean, ...(units > 1 ? deviation : []));
  });
  return features;
}
