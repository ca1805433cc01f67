// An answer in the lab's words, as mnistlab/ui/draw/prediction.py has them.

const CONFIDENT = 0.999;
const percent = (value) => (value < CONFIDENT ? `${(100 * value).toFixed(1)}%` : ">99.9%");

// The large text, and the line next to it. `network` says from which probability on the answer is
// confident, and whether its temperature was fitted.
function describe(answer, { confidentFrom, isCalibrated }) {
  if (!answer) return ["?", "Nothing to classify yet."];
  const chances = answer.probabilities, uncalibrated = isCalibrated ? "" : ", uncalibrated";
  const [first, second] = [...chances.keys()].sort((a, b) => chances[b] - chances[a]);
  if (answer.oodScore !== null && answer.oodScore > 1) {
    return ["?", `This doesn't look like a digit. Closest: ${first}.`];
  }
  if (chances[first] < confidentFrom) {
    const [one, other] = [first, second].map((d) => `${d} (${(100 * chances[d]).toFixed(0)}%)`);
    return [`${first}`, `Uncertain: ${one} or ${other}${uncalibrated}`];
  }
  return [`${first}`, `${percent(chances[first])} confidence among the ten digits${uncalibrated}`];
}
