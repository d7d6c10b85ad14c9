import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readTrace } from './arrivals/trace-file.js';
import { resultFlags } from './common-flags.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { liveFlags, liveNotes } from './live/live-flags.js';
import { runLive, type LiveLimits } from './live/run-live.js';
import { plotPolicies } from './policies-plot.js';
import { formatFindings, formatOurMix, formatOurs, formatPolicies } from './policies-report.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { openWorld, simulationFlags, type SimulatedWorld } from './simulation-flags.js';
import { findingsOf } from './simulation/findings.js';
import { compareAt, mixOverTime, twiceSecondBest, type Traffic } from './simulation/sweep.js';

export const policiesFlags = {
  trace: {
    kind: 'texts',
    default: ['loadtest/traces/diurnal.csv', 'loadtest/traces/bursty.csv'],
    help: 'CSV files with the heading "second,requests"; scaled, so only proportions count.',
  },
  loads: {
    kind: 'numbers',
    default: [5, 10, 20, 35, 50, 100, 150, 200, 300],
    min: 1,
    max: 10_000,
    help: "Mean rates over a trace in % of the fastest variant's capacity, one by one, without batches.",
  },
  'mix-load': {
    kind: 'number',
    default: 50,
    min: 1,
    max: 10_000,
    help: 'The load at which the mix of variants over time is drawn.',
  },
  seeds: { kind: 'number', default: 3, min: 1, max: 100, help: 'Runs of each, median and range.' },
  seed: { kind: 'number', default: 1, min: 1, max: 1_000_000, help: 'The first of the seeds.' },
  'max-requests': {
    kind: 'number',
    default: 150_000,
    min: 1000,
    max: 100_000_000,
    help: 'Per run; of a trace that has more a sample of its stretches is played.',
  },
  ...simulationFlags,
  ...liveFlags,
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof policiesFlags>;

export const policiesAbout =
  'Our scheduler against fixed variants and other policies on traces, in virtual time or live, with an upper bound.';

/** What the columns mean; behind --help. */
export const policiesColumns = `Effective F1 counts a late or refused request as an empty answer: a variant of F1 f is taken to find f of a text's
entities and to claim as many as there are; micro F1 over all requests follows. All policies have our queue and admission;
"aimd" forms batches of its own, with the best fixed variant of that load. "bound" is what no schedule can exceed, even one
that knows the future and may split requests.

${liveNotes}`;

/** Requests that one second of this process simulates, roughly: for the progress bar only. */
const SIMULATED_PER_SECOND = 100_000;
const MIX_LABEL = 'mix over time';

/** The command `policies`: simulates, or measures with --live, prints tables, writes result and plots. */
export async function runPolicies(flags: Flags, limits: LiveLimits = {}): Promise<void> {
  if (flags.live) {
    await runLive(flags, limits);
    return;
  }
  const startedAt = new Date();
  const traces = flags.trace.map((file) => ({
    name: path.basename(file, '.csv'),
    requests: readTrace(file).requests,
  }));
  const world = await openWorld(flags);
  const { host, texts, residuals } = world;
  const loads = loadsOf(flags, world);
  const seeds = Array.from({ length: flags.seeds }, (_, index) => flags.seed + index);
  const seconds =
    ((host.variants.length + 5) * flags.seeds * flags['max-requests']) / SIMULATED_PER_SECOND;
  const steps = traces.flatMap(({ name }) => [
    ...loads.map((load) => ({ label: `${name}, load ${percent(load)}`, seconds })),
    { label: `${name}, ${MIX_LABEL}`, seconds: seconds / 10 },
  ]);
  const results = await withProgress({ steps }, async (next) => {
    const done = [];
    for (const { name, requests } of traces) {
      const traffic: Traffic = {
        trace: requests,
        texts,
        budgetsMs: flags.budgets,
        residuals,
        maxRequests: flags['max-requests'],
      };
      const rows = [];
      for (const load of loads) {
        next();
        // The simulation is one long computation: let the bar and Ctrl-C have their turn.
        await setImmediate();
        rows.push(compareAt(load, { traffic, host, seeds }));
      }
      next();
      await setImmediate();
      const mix = mixOverTime(flags['mix-load'] / 100, { traffic, host, seed: flags.seed });
      done.push({ trace: name, rows, findings: findingsOf(rows, world), mix });
    }
    return done;
  });

  for (const { trace, rows, findings } of results) {
    const tables = [formatOurs(rows), formatPolicies(rows), formatOurMix(rows)];
    console.log(`Trace ${trace}, medians over ${flags.seeds} seeds`);
    console.log(`${[...tables, formatFindings(findings)].join('\n\n')}\n`);
  }
  console.log(`Assumptions: ${world.assumptions}.`);
  const names = traces.map(({ name }) => name);
  const parameters = { ...flags, trace: names, seeds, ...described(world) };
  const result = {
    results: results.map(({ mix, ...rest }) => ({
      ...rest,
      mixOverTime: mix.bySecond.map((second) => rounded(second.shares())),
    })),
  };
  const file = writeResult({ what: 'policies', startedAt, parameters, folder: flags.out }, result);
  console.log(file);
  for (const { trace, rows, mix } of results) {
    const plot = plotPolicies({ trace, rows, mix, mixLoad: flags['mix-load'], world });
    const plotFile = file.replace(/\.json$/, `-${trace}.svg`);
    writeFileSync(plotFile, plot);
    console.log(plotFile);
  }
}

function loadsOf(flags: Flags, { host, texts }: SimulatedWorld): number[] {
  const loads = flags.loads.map((load) => load / 100);
  return [...new Set([...loads, twiceSecondBest(host, texts)])].sort((one, other) => one - other);
}

function described({ host, residuals, texts, assumptions }: SimulatedWorld): object {
  return { host, residuals: residuals.source, texts: texts.length, assumptions };
}

function rounded(shares: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(shares).map(([name, share]) => [name, Number(share.toFixed(4))]),
  );
}

function percent(load: number): string {
  return `${(100 * load).toFixed(0)} %`;
}
