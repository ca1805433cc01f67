// How unlike the training images an input is, as mnistlab/uncertainty/model.py scores it: above 1
// it is taken for no digit. `features` are the mean and the standard deviation of each feature map
// of the 3×3 layers; the score is their Mahalanobis distance from the nearest of the ten classes.
function oodScore(features, { means, whitening, directions, gains, scale, threshold }) {
  const size = features.length, rank = gains.length / scale.length;
  let nearest = Infinity;
  for (let k = 0; k < scale.length; k++) {
    // (f − m) W, with W lower triangular and stored row by row.
    const whitened = new Float64Array(size);
    for (let row = 0, at = 0; row < size; row++) {
      const difference = features[row] - means[k * size + row];
      for (let column = 0; column <= row; column++) whitened[column] += difference * whitening[at++];
    }
    let distance = whitened.reduce((sum, value) => sum + value * value, 0);
    // What the class' own covariance adds along a few directions.
    for (let r = 0; r < rank; r++) {
      const direction = (k * rank + r) * size;
      let along = 0;
      for (let i = 0; i < size; i++) along += whitened[i] * directions[direction + i];
      distance += gains[k * rank + r] * along * along;
    }
    nearest = Math.min(nearest, (scale[k] * distance) / size);
  }
  return nearest / threshold;
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
