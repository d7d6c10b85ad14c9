import { randomInteger, type Random } from '../random.js';

interface SampleOptions {
  /** Over the whole trace, whatever part of it is drawn. */
  readonly meanPerSecond: number;
  /** From where on only a part of the trace is played, of about so many requests. */
  readonly maxRequests: number;
  readonly random: Random;
}

/** Long against what a scheduler remembers (a second at most), short against a trace. */
const STRETCH_SECONDS = 2;
/** Fewer would not tell busy from quiet times. */
const MIN_STRETCHES = 12;

/**
 * The trace scaled to a mean rate: requests per second of each second that is to be played, one after the other. Of a trace
 * with too many requests stretches are drawn, one at a random place in each of equally long parts; the jumps in between
 * are harder on a scheduler than the trace is.
 */
export function sampleTrace(requests: readonly number[], options: SampleOptions): number[] {
  const { meanPerSecond, maxRequests, random } = options;
  const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
  const rates = requests.map((count) => (count / mean) * meanPerSecond);
  const affordable = Math.floor(maxRequests / (meanPerSecond * STRETCH_SECONDS));
  const stretches = Math.max(MIN_STRETCHES, affordable);
  if (stretches * STRETCH_SECONDS >= rates.length) return rates;
  return Array.from({ length: stretches }, (_, part) => {
    const first = Math.floor((part * rates.length) / stretches);
    const next = Math.floor(((part + 1) * rates.length) / stretches);
    const from = randomInteger(random, first, next - STRETCH_SECONDS);
    return rates.slice(from, from + STRETCH_SECONDS);
  }).flat();
}
