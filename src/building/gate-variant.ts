import { toUnit } from '../ner/offset-units.js';
import type { Span } from '../ner/span.js';
import type { Card } from '../registry/card.js';
import type { Measurement } from '../registry/measurement-store.js';
import type { LoadVariant, Provider } from '../runtime/protocol.js';
import { GateError, type GateWorker } from './gate-worker.js';
import { measureProfile } from './measure-variant.js';
import { agreementWith, answerReference, type MeasuringTools } from './reference-answers.js';

/** It runs, but its answers are too far from its parent's. */
export class DisagreementError extends GateError {
  constructor(
    readonly agreement: number,
    minAgreement: number,
  ) {
    super(
      `its answers agree with its parent's by F1 ${agreement.toFixed(4)}, below the floor of ${minAgreement}; ` +
        'cut less, or allow a lower agreement',
    );
  }
}

export interface GateOptions {
  readonly worker: GateWorker;
  readonly variant: LoadVariant;
  /** Whose answers are the measure. */
  readonly parent: Card;
  readonly tokenizer: MeasuringTools['tokenizer'];
  readonly minAgreement: number;
  /** 0 to 1. */
  readonly onProgress: (share: number) => void;
}

export interface GatePass {
  readonly provider: Provider;
  /** Its agreement is with the parent. */
  readonly measurement: Measurement;
  /** The parent's sentences with the new variant's own answers. */
  readonly reference: Card['reference'];
}

/**
 * Loads a new variant in a process of its own and nothing else in it, and lets it pass if its outputs have the right
 * shape and are finite and its answers agree with its parent's; then measures how fast it is. Rejects with GateError.
 */
export async function gateVariant(options: GateOptions): Promise<GatePass> {
  const { worker, variant, parent, tokenizer, minAgreement, onProgress } = options;
  const { labels, inputs, tagging } = parent;
  const card = { name: variant.name, labels, inputs, tagging };
  const run: MeasuringTools['run'] = (input) => worker.run(input);
  const provider = await worker.load(variant);
  onProgress(0.2);

  let done = 0;
  const onAnswer = (): void => {
    done += 1;
    onProgress(0.2 + (0.5 * done) / parent.reference.length);
  };
  let answers: Span[][];
  try {
    answers = await answerReference(card, parent.reference, { run, tokenizer, onAnswer });
  } catch (error) {
    if (error instanceof TypeError) throw new GateError(error.message, { cause: error });
    throw error;
  }
  const agreement = agreementWith(parent.reference, answers);
  if (agreement < minAgreement) throw new DisagreementError(agreement, minAgreement);

  const profile = await measureProfile(card, { run, now: () => performance.now() });
  onProgress(1);
  const reference = parent.reference.map(({ text }, index) => {
    const spans = answers[index]!;
    const places = toUnit(text, spans, 'codepoint');
    return { text, entities: spans.map(({ label }, at) => ({ label, ...places[at]! })) };
  });
  return {
    provider,
    measurement: { profile, agreement, measuredAt: new Date().toISOString() },
    reference,
  };
}
