import { burstProfile, steadyProfile } from './arrivals/rate-profile.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { timedLoadFlags } from './timed-load-flags.js';
import { runTimedLoad, type TimedLoad } from './timed-load.js';

export const openLoopFlags = {
  rate: {
    kind: 'number',
    default: 50,
    min: 0.1,
    max: 100_000,
    fractions: true,
    help: 'Requests offered per second, whatever the gateway does.',
  },
  duration: { kind: 'number', default: 30, min: 1, max: 3600, help: 'Seconds measured.' },
  shape: {
    kind: 'choice',
    options: ['steady', 'step', 'spike'],
    default: 'steady',
    help: 'How the rate goes over time.',
  },
  times: {
    kind: 'number',
    default: 4,
    min: 0.1,
    max: 1000,
    fractions: true,
    help: 'With step or spike: so many times the rate.',
  },
  at: {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 3600,
    help: 'With step or spike: the second in which it begins; default: a third of the duration.',
  },
  'spike-seconds': {
    kind: 'number',
    default: 10,
    min: 1,
    max: 3600,
    help: 'How long a spike lasts; a step lasts to the end.',
  },
  ...timedLoadFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof openLoopFlags>;

export const openLoopAbout =
  'Requests at instants fixed ahead, at a rate that is steady, steps up or has a spike; latency counts from the instant.';

/** The command `open-loop`: sends, prints a table, writes result and plot. */
export async function runOpenLoop(
  flags: Flags,
  limits: { maxSendLagP99Ms?: number } = {},
): Promise<void> {
  await runTimedLoad({ what: 'open-loop', parameters: {}, ...shapeOf(flags) }, flags, limits);
}

function shapeOf(flags: Flags): Pick<TimedLoad, 'title' | 'profile' | 'burst'> {
  const { rate, duration, shape, times } = flags;
  const base = `${rate} requests/s for ${duration} s`;
  if (shape === 'steady') {
    return { title: `Open loop: ${base}`, profile: steadyProfile(rate, duration) };
  }
  const fromSecond = flags.at ?? Math.floor(duration / 3);
  const burstSeconds = shape === 'spike' ? flags['spike-seconds'] : duration - fromSecond;
  const untilSecond = fromSecond + burstSeconds;
  if (burstSeconds <= 0 || untilSecond > duration) {
    throw new UsageError(
      `a ${shape} from second ${fromSecond} to ${untilSecond} does not fit into ${duration} s: change --duration, --at or --spike-seconds`,
    );
  }
  const long = shape === 'spike' ? `for ${burstSeconds} s` : 'to the end';
  return {
    title: `Open loop: ${base}, ${times} times as many from second ${fromSecond} ${long}`,
    profile: burstProfile({
      perSecond: rate,
      times,
      seconds: duration,
      fromSecond,
      burstSeconds,
    }),
    burst: { fromSecond, untilSecond },
  };
}
