import { GatewayError } from '../errors.js';
import { errorProbabilityAt } from '../ner/error-probability.js';
import { smallestMargin } from '../ner/token-margin.js';
import { stitchLogits } from '../ner/windows.js';
import { qualityOfFirst, type CascadePair } from './cascade-pair.js';
import { inferenceOf, type Inference } from './inference.js';
import type { ErrorCode } from '../errors.js';
import type { ActiveVariant } from '../registry/variant-registry.js';
import type { Dispatcher, Work, WorkDone } from './dispatcher.js';
import type { CascadeOutcome, CascadeRule } from './ner-request.js';

export interface CascadeOptions {
  readonly dispatcher: Pick<Dispatcher, 'submit' | 'predictMs'>;
  readonly now: () => number;
}

export interface CascadePlan {
  readonly pair: CascadePair;
  readonly rule: CascadeRule;
}

/** A timer fires up to so much late even on an idle event loop. */
const TIMER_LATENESS_MS = 1;
/** With these a second stage ends that never ran: refused, or dropped because nothing better would fit or pay. */
const NEVER_RAN: readonly ErrorCode[] = ['overloaded', 'budget_unreachable', 'deadline_exceeded'];

/**
 * Answers from a cheap variant, and from a better one where that answer is probably wrong and the budget allows it. The
 * stages are tasks of their own with one deadline, so nothing is promised to the second one while the first one waits.
 */
export class Cascade {
  readonly #options: CascadeOptions;

  constructor(options: CascadeOptions) {
    this.#options = options;
  }

  /** Whether both stages would make the deadline, each waiting as long as it would have to now. */
  fits(work: Work, { first, better }: CascadePair): boolean {
    const { dispatcher, now } = this.#options;
    const leftMs = work.deadlineAt - now();
    const firstMs = dispatcher.predictMs({ ...work, allowed: [first.name] });
    if (firstMs > leftMs) return false;
    return firstMs + dispatcher.predictMs({ ...work, allowed: namesOf(better) }) <= leftMs;
  }

  /**
   * Rejects only with what the first stage rejects with, or with the signal's reason: whatever becomes of the second,
   * the first answer is there by the deadline.
   */
  async run(work: Work, { pair, rule }: CascadePlan, signal: AbortSignal): Promise<Inference> {
    const { dispatcher, now } = this.#options;
    const first = await dispatcher.submit({ ...work, allowed: [pair.first.name] }, signal);
    const errorProbability = this.#errorProbability(first, work, pair.calibration);
    const stages = [{ variant: first.variant, errorProbability }];
    if (errorProbability <= rule.maxErrorProbability) {
      const reason = first.reason === 'best_fit' ? 'confident' : first.reason;
      return { ...inferenceOf(first, { outcome: 'sufficed', stages }), reason };
    }

    const second = await this.#improve(
      {
        ...work,
        // It comes to the queue now, with what is left of the budget.
        arrivalAt: now(),
        allowed: namesOf(pair.better),
        onMiss: 'reject',
        // Its caller has an answer, so it is the first to give way, and nobody gives way to it.
        criticality: 'sheddable',
        heldQuality: qualityOfFirst(pair, errorProbability),
      },
      signal,
    );
    if (typeof second === 'string') {
      const reason = first.reason === 'best_fit' ? 'degraded' : first.reason;
      const view = { outcome: second, stages };
      return { ...inferenceOf(first, view), reason, settledAt: now() };
    }
    const { calibration } = pair.better.find(({ name }) => name === second.variant)!.card;
    const last = {
      variant: second.variant,
      errorProbability: calibration ? this.#errorProbability(second, work, calibration) : null,
    };
    const improved = inferenceOf(second, { outcome: 'improved', stages: [...stages, last] });
    return { ...improved, runMs: improved.runMs + first.finishedAt - first.startedAt };
  }

  async #improve(work: Work, signal: AbortSignal): Promise<WorkDone | CascadeOutcome> {
    const { dispatcher, now } = this.#options;
    const leftMs = work.deadlineAt - now() - TIMER_LATENESS_MS;
    if (leftMs <= 0) return 'no_slack';
    let timer: NodeJS.Timeout | undefined;
    const cutOff = new Promise<CascadeOutcome>((resolve) => {
      timer = setTimeout(() => resolve('cut_off'), leftMs);
    });
    const attempt = async (): Promise<WorkDone | CascadeOutcome> => {
      try {
        return await dispatcher.submit(work, signal);
      } catch (error) {
        signal.throwIfAborted();
        // The dispatcher has logged what is worth it; the first answer is none the worse.
        return error instanceof GatewayError && NEVER_RAN.includes(error.code)
          ? 'no_slack'
          : 'cut_off';
      }
    };
    try {
      return await Promise.race([attempt(), cutOff]);
    } finally {
      clearTimeout(timer);
    }
  }

  #errorProbability(done: WorkDone, work: Work, calibration: CascadePair['calibration']): number {
    const { labelCount } = work;
    const { temperature, marginToError } = calibration;
    const logits = stitchLogits(work.windows, done.logits, labelCount);
    const margin = smallestMargin(work.encoded.preTokens, logits, { labelCount, temperature });
    return errorProbabilityAt(marginToError, margin);
  }
}

function namesOf(variants: readonly ActiveVariant[]): string[] {
  return variants.map(({ name }) => name);
}
