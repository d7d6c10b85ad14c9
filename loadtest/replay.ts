import path from 'node:path';
import { cutTrace, readTrace, traceProfile, type Trace } from './arrivals/trace-file.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { timedLoadFlags } from './timed-load-flags.js';
import { runTimedLoad } from './timed-load.js';

export const replayFlags = {
  trace: {
    kind: 'text',
    default: 'loadtest/traces/diurnal.csv',
    help: 'A CSV file with the heading second,requests and one line per second.',
  },
  scale: {
    kind: 'number',
    default: undefined,
    min: 0.0001,
    max: 10_000,
    fractions: true,
    help: "So many times the trace's requests; default: 1.",
  },
  peak: {
    kind: 'number',
    default: undefined,
    min: 0.1,
    max: 100_000,
    fractions: true,
    help: 'Instead of --scale: requests/s in the busiest second that is replayed.',
  },
  from: {
    kind: 'number',
    default: undefined,
    min: 0,
    max: 1e9,
    help: "The trace's second to begin with; default: its first.",
  },
  seconds: {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 86_400,
    help: 'How many seconds of it; default: all to its end.',
  },
  ...timedLoadFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof replayFlags>;

export const replayAbout =
  'The requests per second of a recorded or generated trace, sent at instants fixed ahead.';

/** The command `replay`: sends, prints a table, writes result and plot. */
export async function runReplay(
  flags: Flags,
  limits: { maxSendLagP99Ms?: number } = {},
): Promise<void> {
  const trace = cutTrace(readTrace(flags.trace), {
    fromSecond: flags.from,
    seconds: flags.seconds,
  });
  const scale = scaleOf(flags, trace);
  const { firstSecond, requests } = trace;
  const peakPerSecond = scale * Math.max(...requests);
  const name = path.basename(flags.trace);
  const load = {
    what: 'replay',
    title:
      `Replay of ${name}, seconds ${firstSecond} to ${firstSecond + requests.length - 1}, ` +
      `scaled by ${Number(scale.toPrecision(4))} to at most ${peakPerSecond.toFixed(1)} requests/s`,
    profile: traceProfile(trace, scale),
    // Without its folder, which says nothing elsewhere.
    parameters: { trace: name, scale, peak: peakPerSecond, seconds: requests.length },
  };
  await runTimedLoad(load, flags, limits);
}

function scaleOf({ scale, peak }: Flags, { requests }: Trace): number {
  if (scale !== undefined && peak !== undefined) {
    throw new UsageError('--scale and --peak both say how much is sent: give one of them');
  }
  if (peak !== undefined) return peak / Math.max(...requests);
  return scale ?? 1;
}
