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

interface RoundsOptions {
  rounds: number;
  corpus: readonly CorpusSentence[];
  load: Omit<Load, 'texts'>;
}

/** For the time left only: what starting, scoring and stopping a side takes beside its load. */
const secondsAround = 8;

/**
 * Measures the sides one after the other, each in processes of its own that live for this measurement alone; the first
 * of a round is the last of the next one. Returns the sides of each round in the order in which they were measured.
 */
export async function measureRounds(
  sides: readonly Side[],
  { rounds, corpus, load }: RoundsOptions,
): Promise<SideInRound[][]> {
  const orders = Array.from({ length: rounds }, (_, round) => rotatedOrder(sides, round));
  const seconds = load.warmup + load.duration + secondsAround;
  const steps = orders.flatMap((order, round) =>
    order.map(({ name }) => ({ label: `round ${round + 1}, ${name}`, seconds })),
  );
  const texts = corpus.map(({ text }) => text);
  return withProgress({ steps }, async (next) => {
    const measured: SideInRound[][] = [];
    for (const order of orders) {
      const round: SideInRound[] = [];
      for (const side of order) {
        next();
        const figures = await measureOnce(side, corpus, { ...load, texts });
        round.push({ side: side.name, figures });
      }
      measured.push(round);
    }
    return measured;
  });
}

async function measureOnce(
  side: Side,
  corpus: readonly CorpusSentence[],
  load: Load,
): Promise<RoundFigures> {
  const running = await side.start();
  try {
    const { readyMs, recogniser } = running;
    const score = recogniser === undefined ? noScore : await scoreSide(recogniser, corpus);
    return { ...(await running.measure(load)), ...score, readyMs };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${side.name}: ${message}`, { cause });
  } finally {
    await running.stop();
  }
}
