import type { CorpusSentence } from '../corpus/corpus.js';
import type { SideFigures } from '../measure-side.js';
import { withProgress } from '../progress.js';
import { rotatedOrder } from '../rotation.js';
import { noScore, scoreSide, type SideScore } from './score-side.js';
import type { Load, Side } from './side.js';

export interface RoundFigures extends SideFigures, SideScore {
  readyMs: number;
}

export interface SideInRound {
  side: string;
  figures: RoundFigures;
}

/** What the sides are scored on, beside the load. */
export interface Scoring {
  sentences: readonly CorpusSentence[];
  /** In the first round only, instead of in each; in the others the load's sentences are asked and do not count. */
  once: boolean;
}

interface RoundsOptions {
  rounds: number;
  /** What the load consists of. */
  corpus: readonly CorpusSentence[];
  scoring: Scoring;
  load: Omit<Load, 'texts'>;
}

/** For the time left only: what starting and stopping a side takes beside its load, and scoring a sentence. */
const secondsAround = 5;
const secondsPerScored = 0.006;

/**
 * Measures the sides one after the other, each in processes of its own that live for this measurement alone; the first
 * of a round is the last of the next one. Returns the sides of each round in the order in which they were measured.
 */
export async function measureRounds(
  sides: readonly Side[],
  { rounds, corpus, scoring, load }: RoundsOptions,
): Promise<SideInRound[][]> {
  const orders = Array.from({ length: rounds }, (_, round) => rotatedOrder(sides, round));
  const seconds = load.warmup + load.duration + secondsAround;
  const askedIn = (round: number): Asked =>
    scoring.once && round > 0
      ? { sentences: corpus, counts: false }
      : { sentences: scoring.sentences, counts: true };
  const steps = orders.flatMap((order, round) =>
    order.map(({ name }) => ({
      label: `round ${round + 1}, ${name}`,
      seconds: seconds + secondsPerScored * askedIn(round).sentences.length,
    })),
  );
  const texts = corpus.map(({ text }) => text);
  return withProgress({ steps }, async (next) => {
    const measured: SideInRound[][] = [];
    for (const [place, order] of orders.entries()) {
      const round: SideInRound[] = [];
      for (const side of order) {
        next();
        const figures = await measureOnce(side, askedIn(place), { ...load, texts });
        round.push({ side: side.name, figures });
      }
      measured.push(round);
    }
    return measured;
  });
}

interface Asked {
  sentences: readonly CorpusSentence[];
  counts: boolean;
}

async function measureOnce(side: Side, asked: Asked, load: Load): Promise<RoundFigures> {
  const running = await side.start();
  try {
    const { readyMs, recogniser } = running;
    // What does not count is asked all the same: a side is to be as warm in every round.
    const found = recogniser === undefined ? noScore : await scoreSide(recogniser, asked.sentences);
    const score = asked.counts ? found : noScore;
    return { ...(await running.measure(load)), ...score, readyMs };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${side.name}: ${message}`, { cause });
  } finally {
    await running.stop();
  }
}
