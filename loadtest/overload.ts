import { writeFileSync } from 'node:fs';
import { loadCorpus } from './corpus/corpus.js';
import { openGateway } from './gateway-process.js';
import type { MeasureOptions } from './overload/measure-load.js';
import { measureRound, stepsOf, type OverloadRound } from './overload/measure-round.js';
import { loadSeconds, overloadNotes, type OverloadFlags } from './overload/overload-flags.js';
import { spikeOf } from './overload/loads.js';
import { plotOverload } from './overload/overload-plot.js';
import {
  describeCapacity,
  describeLines,
  describeOverload,
  formatLoads,
  formatOverloadLines,
} from './overload/overload-report.js';
import { judgeRounds } from './overload/overload-targets.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';

export const overloadAbout =
  'Around and beyond the capacity: budgets met below it, goodput and refusals at twice and five times it, recovery from a spike.';

interface Limits {
  maxSendLagP99Ms?: number;
}

/** The command `overload`: measures, prints tables, writes result and plot; throws behind that where a load was sent late. */
export async function runOverload(flags: OverloadFlags, limits: Limits = {}): Promise<void> {
  const startedAt = new Date();
  const corpus = loadCorpus();
  const gateway = await openGateway({ url: flags.url, pinned: flags.variant });
  try {
    const { url, variants } = gateway;
    const rounds = await measureRounds({ url, corpus, flags, ...limits });
    const lines = judgeRounds(rounds);
    const capacity = describeCapacity(rounds);
    console.log(`Overload: ${describeOverload(flags)}\n\n${formatLoads(rounds)}\n\n${capacity}\n`);
    console.log(`${formatOverloadLines(lines, { rounds: rounds.length })}\n`);
    for (const note of overloadNotes) console.log(`- ${note}`);

    // Of the gateway that was started here, which has the environment of this process.
    const workers = flags.url === undefined ? process.env.ENTIER_WORKERS : undefined;
    const parameters = { ...flags, workers, variants, sentences: corpus.length };
    const options = { what: 'overload', startedAt, parameters, folder: flags.out };
    const file = writeResult(options, { notes: overloadNotes, targets: lines, rounds });
    const plotFile = file.replace(/\.json$/, '.svg');
    const title = 'Around and beyond the capacity';
    const notes = [describeOverload(flags), capacity, ...describeLines(lines)];
    writeFileSync(
      plotFile,
      plotOverload({ title, notes, rounds, spike: spikeOf(loadSeconds(flags)) }),
    );
    console.log(`\n${file}\n${plotFile}`);
    checkAllSent(rounds);
  } finally {
    await gateway.stop();
  }
}

/** A round in which the load generator was too slow to find the capacity is the last: the next one would be as it is. */
async function measureRounds(
  options: MeasureOptions & { flags: OverloadFlags },
): Promise<OverloadRound[]> {
  const { flags } = options;
  const numbers = Array.from({ length: flags.rounds }, (_, round) => round);
  const steps = numbers.flatMap((round) => stepsOf(flags, round));
  return withProgress({ steps }, async (next) => {
    const rounds: OverloadRound[] = [];
    for (const round of numbers) {
      rounds.push(await measureRound({ ...options, round, next }));
      if (rounds.at(-1)!.capacity === undefined) break;
    }
    return rounds;
  });
}

function checkAllSent(rounds: readonly OverloadRound[]): void {
  const loads = rounds.flatMap(({ sweep, loads: some }) => [...sweep, ...Object.values(some)]);
  const late = [...new Set(loads.filter(({ sentLate }) => sentLate).map(({ name }) => name))];
  if (late.length === 0) return;
  throw new Error(
    `The load generator sent late, so these have no figures, at least of some rounds: ${late.join('; ')}.\n` +
      'Pin a slower --variant, leave a core to the load generator (ENTIER_WORKERS), stop what else runs on this host, ' +
      'or run the gateway on another one and pass its --url.',
  );
}
