import { gatewayFlags } from './common-flags.js';
import type { FlagSpec, FlagValues } from './flags.js';

/** What the commands take whose requests have their instants fixed ahead. */
export const timedLoadFlags = {
  budgets: {
    kind: 'numbers',
    default: [5, 10, 20, 50],
    min: 1,
    max: 600_000,
    help: 'Latency budgets in ms, one drawn for each request.',
  },
  cv2: {
    kind: 'number',
    default: 1,
    min: 0,
    max: 64,
    fractions: true,
    help: 'Squared coefficient of variation of the gaps between arrivals: 1 Poisson, above it gamma, in bunches.',
  },
  'on-miss': {
    kind: 'choice',
    options: ['degrade', 'reject'],
    default: 'degrade',
    help: 'on_miss of the requests.',
  },
  retries: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 100,
    help: 'Send a refused request (503) again at once, up to so many times.',
  },
  variant: {
    kind: 'text',
    default: undefined,
    help: 'Pin all requests to this variant; default: the gateway chooses.',
  },
  seed: { kind: 'number', default: 1, min: 0, max: 1e6, help: 'Same seed, same requests.' },
  url: gatewayFlags.url,
  warmup: { ...gatewayFlags.warmup, help: 'Seconds before, at the first rate, not counted.' },
  cache: gatewayFlags.cache,
  out: { ...gatewayFlags.out, help: 'The folder of the result file and its plot.' },
} as const satisfies FlagSpec;

/** What the columns mean; behind --help. */
export const timedLoadColumns = `Every request goes out at its instant, whether or not those before it were answered, and its latency counts from that
instant. In time: within the budget by that clock, and the gateway says so too; "by gateway" is its word alone. Late:
answered after the budget, or given up for its lateness (504). Shed: refused (503). Percentiles are those of answers with
entities. Effective F1 (eff. F1) is micro entity F1 over all requests against the labels of the corpus, where a late, shed
or failed request counts as an empty answer. A burst is got over from the first window on that has 95 % of the share in
time before it, the median of its seconds; a window is half a second, or so long that it has 100 requests. There is no result, and the exit status is 1, where the load generator sent
late: a p99 over 5 ms from the intended instant to the writing of the request.`;

export type TimedLoadFlags = FlagValues<typeof timedLoadFlags>;
