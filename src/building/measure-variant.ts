import { fitProfile, type LatencySample } from '../scheduling/latency-profile.js';
import type { LatencyProfile } from '../scheduling/task.js';
import { median } from '../scheduling/median.js';
import type { Card } from '../registry/card.js';
import type { Measurement } from '../registry/measurement-store.js';
import type { BatchInput } from '../runtime/protocol.js';
import {
  agreementWith,
  answerReference,
  type AnsweringCard,
  type MeasuringTools,
} from './reference-answers.js';

/** [jobs, tokens each]: one short to one full window, and a batch, so that all three terms of a profile show. */
const PROFILE_SHAPES = [
  [1, 8],
  [1, 32],
  [1, 64],
  [1, 128],
  [4, 32],
  [1, 256],
] as const;
const PROFILE_BUDGET_MS = 300;
const MAX_ROUNDS = 20;

/**
 * What a variant is on this host: its latency profile, and the entity F1 of its answers here against those on its card.
 * Takes about 300 ms and one pass over the reference sentences. Rejects where a run fails or gives no finite logits.
 */
export async function measureVariant(card: Card, tools: MeasuringTools): Promise<Measurement> {
  const answers = await answerReference(card, card.reference, tools);
  const agreement = agreementWith(card.reference, answers);
  const profile = await measureProfile(card, tools);
  return { profile, agreement, measuredAt: new Date().toISOString() };
}

/** The latency profile of a variant on this host, from about 300 ms of runs. Rejects where a run fails. */
export async function measureProfile(
  card: AnsweringCard,
  tools: Pick<MeasuringTools, 'run' | 'now'>,
): Promise<LatencyProfile> {
  return fitProfile(await timeShapes(card, tools));
}

async function timeShapes(
  card: AnsweringCard,
  { run, now }: Pick<MeasuringTools, 'run' | 'now'>,
): Promise<LatencySample[]> {
  const shapes = PROFILE_SHAPES.filter(([, length]) => length <= card.inputs.maxLength).map(
    ([jobs, length]) => ({ jobs, length, runsMs: [] as number[] }),
  );
  const startedAt = now();
  // The first round warms up: it grows ORT's arena to the largest shape.
  let roundMs = 0;
  for (let round = 0; round <= MAX_ROUNDS; round += 1) {
    const roundAt = now();
    // The one that would exceed the budget is not begun.
    if (round > 1 && roundAt + roundMs - startedAt > PROFILE_BUDGET_MS) break;
    for (const { jobs, length, runsMs } of shapes) {
      const { runMs } = await run(syntheticBatch(card.name, jobs, length));
      if (round > 0) runsMs.push(runMs);
    }
    roundMs = now() - roundAt;
  }
  // A stall of the host in one round is not what the variant takes.
  return shapes.map(({ jobs, length, runsMs }) => ({ jobs, length, ms: median(runsMs) }));
}

/** Run time does not depend on which tokens these are. */
function syntheticBatch(variant: string, jobs: number, length: number): BatchInput {
  return {
    variant,
    lengths: new Int32Array(jobs).fill(length),
    ids: new Int32Array(jobs * length).fill(1),
    caseTypes: new Uint8Array(jobs * length),
  };
}
