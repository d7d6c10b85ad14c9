import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readTrace } from './arrivals/trace-file.js';
import { resultFlags } from './common-flags.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { withProgress } from './progress.js';
import { seededRandom } from './random.js';
import { writeResult } from './result-file.js';
import { plotFleet } from './simulate-plot.js';
import { formatDay, formatSteady, formatSurge, formatTotals } from './simulate-report.js';
import { openWorld, simulationFlags } from './simulation-flags.js';
import { DAY_SECONDS, dayCurve, withSurge } from './simulation/day.js';
import { simulateFleet, type FleetSecond, type ScalingRule } from './simulation/fleet.js';
import { pool, sampleDay, simulateReplicas } from './simulation/fleet-sample.js';
import type { ReplicaFigures, ReplicaWorld } from './simulation/fleet-sample.js';
import { capacityOf, fastestOf } from './simulation/virtual-host.js';

export const simulateFlags = {
  trace: {
    kind: 'text',
    default: 'loadtest/traces/diurnal.csv',
    help: 'A CSV file with the heading "second,requests", whose shape is stretched to a day.',
  },
  peak: {
    kind: 'number',
    default: 1_000_000,
    min: 1,
    max: 100_000_000,
    help: "Requests/s in all at the day's peak.",
  },
  target: {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 1_000_000,
    help: "Requests/s per replica that the rule aims at; default: 35 % of the fastest variant's capacity.",
  },
  'max-replicas': {
    kind: 'number',
    default: 1000,
    min: 1,
    max: 100_000,
    help: 'The largest fleet.',
  },
  'min-replicas': { kind: 'number', default: 2, min: 1, max: 100_000, help: 'The smallest.' },
  startup: {
    kind: 'number',
    default: 30,
    min: 0,
    max: 3600,
    help: 'Seconds from the decision for a replica until it serves.',
  },
  strata: {
    kind: 'number',
    default: 24,
    min: 2,
    max: 1000,
    help: 'Parts of the day, two windows each.',
  },
  window: { kind: 'number', default: 3, min: 1, max: 60, help: 'Seconds of a window.' },
  replicas: { kind: 'number', default: 3, min: 1, max: 1000, help: 'Replicas played per window.' },
  surge: {
    kind: 'number',
    default: 3,
    min: 1,
    max: 100,
    help: 'Within 10 s the load at noon rises to so many times of what it was, for 5 minutes.',
  },
  seed: { kind: 'number', default: 1, min: 1, max: 1_000_000, help: 'Of all that is drawn.' },
  ...simulationFlags,
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof simulateFlags>;

export const simulateAbout =
  'A day of a fleet under an autoscaling rule, in virtual time, from sampled windows and replicas.';

/** What the tables mean; behind --help. */
export const simulateTables = `Three tables: one replica at steady loads, which says how many replicas a load takes; the day, from windows; and a surge,
in steps of ten seconds, while the fleet grows. Replicas are the gateway's scheduler with virtual workers; the balancer picks
them at random. Busy is the share of the workers' time: it hardly tells the load, since idle time is spent on better answers.`;

const STEADY_PERCENTS = [5, 10, 20, 35, 50, 75, 100, 125, 150, 200];
const STEADY_SECONDS = 15;
const SURGE = { fromSecond: DAY_SECONDS / 2, riseSeconds: 10, seconds: 300 };
/** The surge is shown from so long before it until it has been answered. */
const SHOWN = { beforeSeconds: 20, seconds: 180, stepSeconds: 10 };
const TARGET_SHARE = 0.35;

/** The command `simulate`: plays, prints tables, writes result and plot. */
export async function runSimulate(flags: Flags): Promise<void> {
  if (flags['min-replicas'] > flags['max-replicas']) {
    throw new UsageError('--min-replicas must not be above --max-replicas');
  }
  const startedAt = new Date();
  const { requests } = readTrace(flags.trace);
  const { assumptions, ...opened } = await openWorld(flags);
  const world: ReplicaWorld = { ...opened, budgetsMs: flags.budgets };
  const capacity = capacityOf(fastestOf(world.host, world.texts), world.host, world.texts);
  const rule: ScalingRule = {
    targetPerReplica: flags.target ?? Math.round(TARGET_SHARE * capacity),
    minReplicas: flags['min-replicas'],
    maxReplicas: flags['max-replicas'],
    startupSeconds: flags.startup,
  };
  const curve = dayCurve(requests, flags.peak);
  const steps = ['steady loads', 'the day', 'the surge'].map((label) => ({ label, seconds: 10 }));
  const { steady, day, fleet, surge } = await withProgress({ steps }, async (next) => {
    const begin = async (): Promise<void> => {
      next();
      // The simulation is one long computation: let the bar and Ctrl-C have their turn.
      await setImmediate();
    };
    await begin();
    const loads = STEADY_PERCENTS.map((percent) => ({
      load: percent / 100,
      ...playSteady((percent / 100) * capacity, world, flags.seed),
    }));
    await begin();
    const seconds = simulateFleet(curve, { rule, seconds: DAY_SECONDS });
    const sampled = sampleDay(seconds, {
      world,
      strata: flags.strata,
      windowSeconds: flags.window,
      replicas: flags.replicas,
      seed: flags.seed,
    });
    await begin();
    const risen = withSurge(curve, { ...SURGE, times: flags.surge });
    const surging = simulateFleet(risen, { rule, seconds: DAY_SECONDS });
    return { steady: loads, day: sampled, fleet: seconds, surge: playSurge(surging, world, flags) };
  });

  const totals = totalsOf(fleet, rule);
  console.log(`One replica of ${flags.workers} workers at steady loads\n${formatSteady(steady)}\n`);
  console.log(
    `A day at ${rule.targetPerReplica} requests/s per replica\n${formatDay(day.windows)}`,
  );
  console.log(`\n${formatTotals(day, totals)}\n`);
  console.log(
    `A surge to ${flags.surge} times the load at noon, second 0\n${formatSurge(surge)}\n`,
  );
  console.log(`Assumptions: ${assumptions}.`);
  const trace = path.basename(flags.trace, '.csv');
  const parameters = { ...flags, trace, rule, host: world.host, capacity, assumptions };
  const options = { what: 'simulate', startedAt, parameters, folder: flags.out };
  const file = writeResult(options, { steady, day, totals, surge });
  const plotFile = file.replace(/\.json$/, '.svg');
  writeFileSync(plotFile, plotFleet({ fleet, day, surge, steady, assumptions }));
  console.log(`${file}\n${plotFile}`);
}

function playSteady(perSecond: number, world: ReplicaWorld, seed: number): ReplicaFigures {
  const rates = new Array<number>(STEADY_SECONDS).fill(perSecond);
  return pool(simulateReplicas(rates, { world, replicas: 1, random: seededRandom(seed) }).flat());
}

export interface SurgeStep extends ReplicaFigures {
  /** From the beginning of the surge. */
  readonly second: number;
  readonly offeredPerSecond: number;
  readonly ready: number;
}

function playSurge(
  fleet: readonly FleetSecond[],
  world: ReplicaWorld,
  { replicas, seed }: Flags,
): SurgeStep[] {
  const from = SURGE.fromSecond - SHOWN.beforeSeconds;
  const shown = fleet.slice(from, from + SHOWN.beforeSeconds + SHOWN.seconds);
  const rates = shown.map(({ offeredPerSecond, ready }) => offeredPerSecond / ready);
  const played = simulateReplicas(rates, { world, replicas, random: seededRandom(seed) });
  return Array.from({ length: shown.length / SHOWN.stepSeconds }, (_, step) => {
    const first = step * SHOWN.stepSeconds;
    const until = first + SHOWN.stepSeconds;
    return {
      second: first - SHOWN.beforeSeconds,
      ...shown[until - 1]!,
      ...pool(played.flatMap((seconds) => seconds.slice(first, until))),
    };
  });
}

export interface FleetTotals {
  readonly requests: number;
  readonly replicaHours: number;
  /** With as many replicas all day as the peak needs. */
  readonly replicaHoursAtPeak: number;
  readonly mostReplicas: number;
}

function totalsOf(fleet: readonly FleetSecond[], rule: ScalingRule): FleetTotals {
  const sum = (read: (second: FleetSecond) => number): number =>
    fleet.reduce((total, second) => total + read(second), 0);
  const most = fleet.reduce((highest, { ready }) => Math.max(highest, ready), 0);
  const peak = fleet.reduce((highest, one) => Math.max(highest, one.offeredPerSecond), 0);
  const needed = Math.min(rule.maxReplicas, Math.ceil(peak / rule.targetPerReplica));
  return {
    requests: sum(({ offeredPerSecond }) => offeredPerSecond),
    replicaHours: sum(({ ready }) => ready) / 3600,
    replicaHoursAtPeak: (needed * fleet.length) / 3600,
    mostReplicas: most,
  };
}
