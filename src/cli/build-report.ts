import type { BuildOutcome } from '../building/build-job.js';
import { cardInWords } from '../building/card-recipe.js';
import { runTimeMs } from '../scheduling/latency-profile.js';
import type { Card } from '../registry/card.js';
import { CliError, EXIT, usageError } from './cli-error.js';
import { issueLines } from './recipe-flags.js';

export type Built = Extract<BuildOutcome, { kind: 'built' }>;

const TYPICAL_TOKENS = 32;

/** Throws CliError for an outcome that is no variant. */
export function builtOrThrow(outcome: BuildOutcome): Built {
  switch (outcome.kind) {
    case 'built':
      return outcome;
    case 'cancelled':
      throw new CliError('cancelled; nothing was changed', EXIT.interrupted);
    case 'gate_failed':
      throw new CliError(`it did not pass its gate: ${outcome.detail}`, EXIT.notGoodEnough);
    case 'failed':
      if (outcome.issues !== undefined) throw usageError(issueLines(outcome.issues));
      throw new CliError(outcome.detail);
  }
}

/** What was built, for people; `requestMs` from the request to the end of the gate. */
export function describeBuilt(built: Built, requestMs: number): string {
  const { card, measurement, buildMs, gateMs, peakMemoryBytes } = built;
  const { agreement, profile } = measurement;
  const notes = card.provenance.notes as readonly string[];
  return [
    `${card.name}: ${cardInWords(card)}; made from ${card.parent ?? 'nothing'}`,
    `agreement ${share(agreement)}, quality ${describeQuality(card)}`,
    `${runTimeMs(profile, 1, TYPICAL_TOKENS).toFixed(2)} ms for ${TYPICAL_TOKENS} tokens on this host`,
    `${megabytes(card.sizeBytes)}, sha256 ${card.sha256.slice(0, 12)}`,
    `built in ${seconds(buildMs)}, gated in ${seconds(gateMs)}, ${seconds(requestMs)} in all; ` +
      `${megabytes(peakMemoryBytes)} of memory at most`,
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

/** Such as `.9410 estimated`. */
export function describeQuality({ quality }: Pick<Card, 'quality'>): string {
  if (quality === null) return 'unknown';
  const measure = quality.measure === 'agreement' ? ' agreement' : '';
  return `${share(quality.value)} ${quality.source}${measure}`;
}

/** `.993`, as F1 is usually written. */
export function share(value: number): string {
  return value.toFixed(4).replace(/^0/, '');
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
