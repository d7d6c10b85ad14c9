import { f1Of, totalCounts } from '../score.js';
import type { AskedText, TextsPass } from './ask-texts.js';
import { bestSingle, type CascadePass } from './cascade-pass.js';

interface Pilot {
  /** Answers of the first stage alone, with their error probabilities: a cascade that is always content. */
  first: TextsPass;
  /** Answers of the second variant alone, to the same texts in the same order. */
  second: TextsPass;
  /** The variants alone on these texts. */
  singles: readonly CascadePass[];
}

/** What a threshold promises, by answers and costs that were measured apart. */
export interface ThresholdPromise {
  percent: number;
  /** Of texts that go on to the second variant. */
  share: number;
  f1: number;
  /** The second stage is reckoned at what its variant costs alone, HTTP included: a little too much. */
  cpuMsPerText: number;
  /** F1 over the best variant alone that takes no more. */
  gain: number;
}

const CANDIDATES = [1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80];

/** What each candidate promises; of several at which the same texts go on the lowest stays. */
export function promisesOf({ first, second, singles }: Pilot): ThresholdPromise[] {
  const promises: ThresholdPromise[] = [];
  for (const percent of CANDIDATES) {
    const goesOn = first.texts.map((text) => probabilityOf(text) > percent / 100);
    const share = goesOn.filter(Boolean).length / goesOn.length;
    if (promises.at(-1)?.share === share) continue;
    const texts = first.texts.map((text, place) => (goesOn[place] ? second.texts[place]! : text));
    const f1 = f1Of(totalCounts(texts.map(({ counts }) => counts)));
    const cpuMsPerText = (first.cpuMs + share * second.cpuMs) / first.texts.length;
    const single = bestSingle({ cpuMsPerText }, singles);
    promises.push({ percent, share, f1, cpuMsPerText, gain: f1 - (single?.f1 ?? 0) });
  }
  return promises;
}

/** So many thresholds that promise most over a variant alone, in rising order. */
export function chooseThresholds(pilot: Pilot, count: number): number[] {
  return promisesOf(pilot)
    .sort((one, other) => other.gain - one.gain)
    .slice(0, count)
    .map(({ percent }) => percent)
    .sort((one, other) => one - other);
}

/** 1 where there was no first stage: the second variant answered at once. */
function probabilityOf({ errorProbability, outcome }: AskedText): number {
  if (outcome === 'unavailable') return 1;
  if (errorProbability === undefined) {
    throw new Error('a first stage did not tell how likely its answer is wrong');
  }
  return errorProbability;
}
