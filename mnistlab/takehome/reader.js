// A reader of digits from a network's description: strokes in, ten probabilities out.
// mnistlab/drawing/classifier.py does the same.

// Numbers from base64: "f4" single precision, little-endian, "i1" bytes with a sign.
function decodeNumbers({ type, data }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const [size, read] = {
    f4: [4, (at) => view.getFloat32(at, true)],
    i1: [1, (at) => view.getInt8(at)],
  }[type];
  return Float64Array.from({ length: bytes.length / size }, (_, i) => read(i * size));
}

function makeReader(network) {
  const weights = decodeNumbers(network.weights);
  const ood = network.notADigit && Object.fromEntries(Object.entries(network.notADigit).map(
    ([name, value]) => [name, value.data === undefined ? value : decodeNumbers(value)]));
  const logitsOf = (image) => layerMaps(network, weights, image).at(-1);

  // Ten probabilities from the logits of one or more views: their mean, the temperature, softmax.
  function probabilitiesOf(logits) {
    const mean = Array.from({ length: 10 }, (_, digit) =>
      logits.reduce((sum, each) => sum + each[digit], 0) / logits.length / network.temperature);
    const exponentials = mean.map((value) => Math.exp(value - Math.max(...mean)));
    const total = exponentials.reduce((a, b) => a + b);
    return exponentials.map((value) => value / total);
  }

  return {
    // Of an image alone, without the other views.
    classify: (image) => probabilitiesOf([logitsOf(image)]),
    oodScore: (image) =>
      ood && oodScore(featuresOf(network, layerMaps(network, weights, image)), ood),
    // Of pen strokes, lists of points [x, y]; null without a point. `withMaps`: every layer's maps;
    // `isSmooth`: the points are already a smooth line's; `withViews`: the mean over all views.
    read(strokes, { withMaps = false, isSmooth = false, withViews = true } = {}) {
      const drawn = strokes.filter((stroke) => stroke.length);
      const image = digitFromStrokes(isSmooth ? drawn : drawn.map(smoothStroke));
      if (!image) return null;
      const maps = layerMaps(network, weights, image);
      const others = withViews ? viewsOf(image, network.views).slice(1) : [];
      return {
        image,
        probabilities: probabilitiesOf([maps.at(-1), ...others.map(logitsOf)]),
        oodScore: ood && oodScore(featuresOf(network, maps), ood),
        maps: withMaps ? maps : null,
      };
    },
  };
}

// In a worker there is no document: the network comes first, then drawings.
if (typeof document === "undefined") {
  let reader;
  onmessage = ({ data }) => {
    if (data.network) reader = makeReader(data.network);
    else postMessage(reader.read(data.strokes, data));
  };
}
