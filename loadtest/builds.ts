import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildsNotes, partNames, type BuildsFlags, type Part } from './builds/builds-flags.js';
import { plotBuilds } from './builds/builds-plot.js';
import {
  formatBuildTimes,
  formatCycles,
  formatFile,
  formatServe,
  judgeBuilds,
} from './builds/builds-report.js';
import { cycleFiguresOf } from './builds/cycle-builds.js';
import { measureParts, type SplitOfData } from './builds/measure-parts.js';
import { sentLateOf } from './builds/serve-while-building.js';
import { readConll } from './conll.js';
import { UsageError } from './flags.js';
import { readCard } from './model-card.js';
import { writeResult } from './result-file.js';
import { formatTargets } from './targets.js';

export const buildsAbout =
  'Variants made while it runs: time and memory of a build, the built file against the Python one, serving meanwhile, what is left behind.';

interface Limits {
  maxSendLagP99Ms?: number;
}

/** The command `builds`: measures, prints tables, writes result and plot; throws behind that where a load was sent late. */
export async function runBuilds(flags: BuildsFlags, limits: Limits = {}): Promise<void> {
  const startedAt = new Date();
  const parts = chosenParts(flags);
  const card = readCard(flags.models, flags.parent);
  if (parts.includes('file')) readCard(flags.models, flags.reference);
  const splits = parts.includes('file') ? readSplits(flags) : [];
  const measured = await measureParts(parts, { ...limits, flags, card, splits });

  const { time, file, serve, cycles: run } = measured;
  const warmUp = flags['warmup-cycles'];
  const cycles = run && cycleFiguresOf(run, warmUp);
  const targets = judgeBuilds({ ...measured, ...{ cycles } });
  if (time) console.log(`${formatBuildTimes(time)}\n`);
  if (file) console.log(`${formatFile(file)}\n`);
  if (serve) console.log(`${formatServe(serve)}\n`);
  if (cycles) console.log(`${formatCycles(cycles, { cycles: flags.cycles, warmUp })}\n`);
  console.log(`${formatTargets(targets)}\n`);
  for (const note of buildsNotes) console.log(`- ${note}`);

  // The folder belongs to a machine.
  const parameters = { ...flags, parts, data: undefined, workers: process.env.ENTIER_WORKERS };
  const options = { what: 'builds', startedAt, parameters, folder: flags.out };
  const resultFile = writeResult(options, {
    ...{ notes: buildsNotes, targets, time, file, serve },
    cycles: run && { ...cycles, ...run },
  });
  console.log(`\n${resultFile}`);
  const plot = plotBuilds({
    title: 'Variants made while the gateway runs',
    notes: [`${flags.parent} to ${flags.precision}.`],
    time,
    serve,
    cycles: run && { run, warmUp },
  });
  if (plot !== undefined) {
    const plotFile = resultFile.replace(/\.json$/, '.svg');
    writeFileSync(plotFile, plot);
    console.log(plotFile);
  }
  const late = serve === undefined ? [] : sentLateOf(serve);
  if (late.length > 0) {
    throw new Error(
      `The load generator sent late, so these have no figures: ${late.join('; ')}.\n` +
        'Leave a core to the load generator (ENTIER_WORKERS=1 on two cores), or stop what else runs on this host.',
    );
  }
}

function chosenParts(flags: BuildsFlags): Part[] {
  const { parts, builds, starts, cycles } = flags;
  const unknown = parts?.filter((name) => !partNames.some((known) => known === name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`--parts names ${unknown.join(', ')}; there are ${partNames.join(', ')}`);
  }
  const chosen = partNames.filter((name) => parts?.includes(name) ?? true);
  if (chosen.includes('time') && builds < starts) {
    throw new UsageError(`--builds ${builds} cannot be spread over --starts ${starts}`);
  }
  if (chosen.includes('cycles') && cycles <= flags['warmup-cycles']) {
    throw new UsageError(`--cycles ${cycles} has to be more than --warmup-cycles`);
  }
  if (flags.test && flags.data === undefined) throw new UsageError('--test needs --data');
  return chosen;
}

/** Those that are asked for; a file that is missing is an error before anything is measured. */
function readSplits({ data, test, sentences }: BuildsFlags): SplitOfData[] {
  if (data === undefined) return [];
  const files = { validation: 'eng.testa', ...(test && { test: 'eng.testb' }) };
  return Object.entries(files).map(([split, name]) => {
    const file = path.join(data, name);
    if (!existsSync(file)) {
      throw new UsageError(
        `there is no ${file}; --data takes the folder of the CoNLL-2003 files, and without it F1 is left out`,
      );
    }
    return { split, sentences: readConll(file).slice(0, sentences) };
  });
}
