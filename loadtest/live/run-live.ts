import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readTrace } from '../arrivals/trace-file.js';
import { writeResult } from '../result-file.js';
import { busyWindow } from './busy-window.js';
import type { LiveFlags } from './live-flags.js';
import { planLoad, type LiveLoad } from './live-load.js';
import { plotLive } from './live-plot.js';
import {
  describeLive,
  describeRows,
  describeWindow,
  parametersOf,
  resultOf,
  type TraceWindow,
} from './live-result.js';
import { measureLive } from './measure-live.js';
import { prepareLive, type Prepared } from './prepare-live.js';

export interface LiveLimits {
  readonly maxSendLagP99Ms?: number;
  /** Of the closed loop. */
  readonly capacitySeconds?: number;
}

const CAPACITY_SECONDS = 8;

/** `policies --live`: measures, prints tables, writes result and plots. */
export async function runLive(
  flags: LiveFlags,
  { maxSendLagP99Ms, capacitySeconds = CAPACITY_SECONDS }: LiveLimits = {},
): Promise<void> {
  const startedAt = new Date();
  const windows = flags.trace.map((file) => ({
    name: path.basename(file, '.csv'),
    window: busyWindow(readTrace(file), {
      seconds: flags['live-seconds'],
      fromSecond: flags['live-from'],
    }),
  }));
  const prepared = await prepareLive(flags, capacitySeconds);
  const { live, capacity, selected } = prepared;
  const loads = windows.flatMap((one) => loadsOf(one, flags, prepared));
  const rows = await measureLive(loads, { flags, live, selected, maxSendLagP99Ms });
  const scales = flags['live-scales'].length;
  const results = windows.map((one, index) => ({
    ...one,
    rows: rows.slice(index * scales, (index + 1) * scales),
  }));

  for (const result of results) console.log(`${describeRows(result)}\n`);
  console.log(describeLive(live, capacity));
  const file = writeResult(
    {
      what: 'policies-live',
      startedAt,
      parameters: parametersOf(flags, live),
      folder: flags.out,
    },
    { capacity, results: results.map(resultOf) },
  );
  console.log(file);
  for (const { name, window, rows: ofTrace } of results) {
    const plot = plotLive({
      title: `Policies live on the trace "${name}", ${describeWindow(window)}`,
      notes: [describeLive(live, capacity)],
      rows: ofTrace,
      variants: live.host.variants.map((variant) => variant.name),
    });
    const plotFile = file.replace(/\.json$/, `-${name}.svg`);
    writeFileSync(plotFile, plot);
    console.log(plotFile);
  }
}

function loadsOf(
  { name, window }: TraceWindow,
  flags: LiveFlags,
  { live, capacity }: Prepared,
): LiveLoad[] {
  return flags['live-scales'].map((scale) =>
    planLoad({
      trace: name,
      window,
      scale,
      capacity: capacity.perSecond,
      budgetsMs: flags.budgets,
      shapes: live.shapes,
      warmupSeconds: flags['live-warmup'],
      seed: flags.seed,
    }),
  );
}
