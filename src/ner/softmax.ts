/** Index of the largest value of a row of `count`; ties go to the lower index. */
export function bestLabel(values: Float32Array | Float64Array, row: number, count: number): number {
  const first = row * count;
  let best = 0;
  for (let label = 1; label < count; label++) {
    if (values[first + label]! > values[first + best]!) best = label;
  }
  return best;
}

/** Writes the probabilities of one row of logits into `into`, whose length is the number of labels. */
export type Softmax = (
  logits: Float32Array,
  row: number,
  into: Float32Array | Float64Array,
) => void;

/** softmax(logits / temperature): over 1 it makes an overconfident model less sure, and 1 changes nothing. */
export function softmaxAt(temperature: number): Softmax {
  return (logits, row, into) => {
    const count = into.length;
    const first = row * count;
    const max = logits[first + bestLabel(logits, row, count)]!;
    let sum = 0;
    for (let label = 0; label < count; label++) {
      const weight = Math.exp((logits[first + label]! - max) / temperature);
      into[label] = weight;
      sum += weight;
    }
    for (let label = 0; label < count; label++) into[label]! /= sum;
  };
}

export const softmax = softmaxAt(1);
