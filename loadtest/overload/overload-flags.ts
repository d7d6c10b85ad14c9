import type { FlagSpec, FlagValues } from '../flags.js';
import { timedLoadFlags } from '../timed-load-flags.js';
import {
  gammaCv2,
  overloadTimes,
  retriesInSpike,
  spikeTimes,
  steadyPercent,
  type LoadSeconds,
} from './loads.js';

export const overloadFlags = {
  rounds: {
    kind: 'number',
    default: 3,
    min: 1,
    max: 100,
    help: 'Times that all of it is measured, the capacity too.',
  },
  connections: {
    kind: 'number',
    default: 8,
    min: 1,
    max: 1024,
    help: 'Connections of the closed loop that makes the first estimate.',
  },
  sweep: {
    kind: 'numbers',
    default: [60, 80, 100, 120, 140],
    min: 10,
    max: 1000,
    help: 'Rates that look for the capacity, in % of the first estimate.',
  },
  'sweep-seconds': {
    kind: 'number',
    default: 8,
    min: 0.1,
    max: 600,
    fractions: true,
    help: 'Seconds of the closed loop, and of each of these rates.',
  },
  duration: {
    kind: 'number',
    default: 20,
    min: 0.1,
    max: 3600,
    fractions: true,
    help: 'Seconds of each steady load at a share or a multiple of the capacity.',
  },
  'spike-seconds': {
    kind: 'number',
    default: 10,
    min: 0.1,
    max: 600,
    fractions: true,
    help: 'How long the spike lasts.',
  },
  'spike-before': {
    kind: 'number',
    default: 10,
    min: 1,
    max: 600,
    help: 'Seconds measured before it.',
  },
  'spike-after': {
    kind: 'number',
    default: 15,
    min: 0.1,
    max: 600,
    fractions: true,
    help: 'Seconds measured after it.',
  },
  budgets: timedLoadFlags.budgets,
  'on-miss': { ...timedLoadFlags['on-miss'], default: 'reject' },
  variant: timedLoadFlags.variant,
  seed: timedLoadFlags.seed,
  url: timedLoadFlags.url,
  warmup: {
    ...timedLoadFlags.warmup,
    help: 'Seconds before each load, at its first rate, not counted.',
  },
  out: timedLoadFlags.out,
} as const satisfies FlagSpec;

export type OverloadFlags = FlagValues<typeof overloadFlags>;

export function loadSeconds(flags: OverloadFlags): LoadSeconds {
  return {
    steady: flags.duration,
    spike: {
      before: flags['spike-before'],
      lasts: flags['spike-seconds'],
      after: flags['spike-after'],
    },
  };
}

/** What is measured and how; behind --help and in the result. */
export const overloadNotes = [
  `A round is: the capacity; ${steadyPercent} % of it as Poisson arrivals and as gamma arrivals of CV² ${gammaCv2}; ${overloadTimes.join(' and ')} times it; a spike. One gateway, one load after the other, past the result cache, each request at an instant fixed ahead. Figures are medians and ranges over the rounds.`,
  'Capacity is the peak of goodput, answers within their budget per second, over open loops at rates around a first estimate. The estimate is the throughput of a closed loop with the same budgets and on_miss degrade. Rates go on up while more than half of what is added is answered in time, and down while the lowest rate is the best. The highest of several figures is somewhat high by chance, so shares of it are somewhat low; a capacity is too low if the rate of the true peak was sent late.',
  `The spike has ${spikeTimes} times the rate before and after it, which is ${steadyPercent} % of capacity; a refused request (503) is sent again at once, up to ${retriesInSpike} times. Recovery is the time from the spike's end to the first window whose share of requests in time is at least 95 % of the share before the spike (the median of its seconds), as is that of all from there on; windows move by 50 ms. A window is half a second, or so long that it has 100 requests: at a constant rate this share goes as goodput does, without the 10 % by which the number of 100 random arrivals strays.`,
  'In time: within the budget by the clock of the client from the intended instant, and the gateway says so too; "by gateway" is its word alone. Latency of a refusal counts from the intended instant, that of a retry from its sending.',
  'A load whose p99 send lag is over 5 ms (from the intended instant to the writing of the request) has no figures and is "sent late"; the exit status is 1 then. The load generator shares the cores of a gateway that it started: pin a slow variant (--variant) so that it can send five times the capacity, with --budgets that this variant can meet, or leave it a core (in the environment, ENTIER_WORKERS=1 on two cores).',
];
