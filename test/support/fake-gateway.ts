import { errors } from '../../src/errors.js';
import { calibrationOf } from './cards.js';
import type { NerOutcome, NerRequest, NerResult } from '../../src/gateway/ner-request.js';
import type { GatewayPort, ReadinessFacts } from '../../src/http/gateway-port.js';

/** An answer that finds the first capitalised word. Offsets are UTF-16, as the tests' texts are ASCII. */
export function resultFor(text: string): NerResult {
  const match = /[A-Z]\w+/.exec(text);
  const entities =
    match === null
      ? []
      : [
          {
            label: 'PER',
            text: match[0],
            start: match.index,
            end: match.index + match[0].length,
            score: 0.987654321,
          },
        ];
  return {
    entities,
    variant: 'full',
    decision: 'best_fit',
    experiment: null,
    budgetMet: true,
    truncated: false,
    cached: false,
    timing: { tokenizeMs: 0.12345, queueMs: 1, inferenceMs: 4, totalMs: 5.5 },
  };
}

/** A gateway without models. `answer` may be replaced; requests are kept for assertions. */
export class FakeGateway implements GatewayPort {
  readonly requests: NerRequest[] = [];
  answer: (text: string, request: NerRequest) => NerOutcome | Promise<NerOutcome> = resultFor;
  facts: ReadinessFacts = {
    ready: true,
    draining: false,
    variants: [
      { name: 'full', state: 'active', detail: undefined },
      { name: 'broken', state: 'failed', detail: 'its sha256 is not that of the card' },
    ],
    executionProvider: { requested: 'auto', active: 'cpu', detail: 'no CUDA: no device' },
    workerLayout: { workers: 2, threads: 1, chosenBy: 'measurement' },
  };

  async handle(request: NerRequest): Promise<NerOutcome[]> {
    this.requests.push(request);
    if (request.variant !== undefined && request.variant !== 'full') {
      throw errors.unknownVariant(['full']);
    }
    return Promise.all(request.texts.map(async (text) => this.answer(text, request)));
  }

  variants() {
    return [
      {
        name: 'full',
        state: 'active' as const,
        card: {
          description: 'The fine-tuned model.',
          parent: null,
          recipe: { precision: 'fp32' },
          quality: { value: 0.93, source: 'measured' as const },
          labels: ['O', 'B-PER', 'I-PER'],
          parameters: 22_000_000,
          sizeBytes: 45_000_000,
          sha256: 'a'.repeat(64),
          calibration: calibrationOf(1.5),
        },
        provider: 'cpu',
        profile: { a: 0.5, b: 0.05, c: 0.0001 },
        detail: undefined,
      },
      {
        name: 'broken',
        state: 'failed' as const,
        card: undefined,
        provider: undefined,
        profile: undefined,
        detail: 'its sha256 is not that of the card',
      },
    ];
  }

  experiments() {
    const arm = {
      variant: 'full',
      weight: 1,
      requests: 3,
      budgets_met: 2,
      latency_ms: { p50: 4, p90: 5, p99: 6 },
      entities: { PER: 2 },
    };
    return [{ name: 'full-or-not', share: 0.5, arms: [{ name: 'a', ...arm }] }];
  }

  readiness(): ReadinessFacts {
    return this.facts;
  }
}
