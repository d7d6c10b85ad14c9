import { abAbout, abFlags, runAb } from './ab.js';
import { benchAbout, benchFlags, runBench } from './bench.js';
import { buildsAbout, runBuilds } from './builds.js';
import { buildsFlags, buildsNotes } from './builds/builds-flags.js';
import { cascadeAbout, cascadeFlags, cascadeNotes, runCascade } from './cascade.js';
import { runCommand } from './command.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { growthAbout, growthFlags, growthNotes, runGrowth } from './growth.js';
import { openLoopAbout, openLoopFlags, runOpenLoop } from './open-loop.js';
import { overheadAbout, overheadFlags, overheadNotes, runOverhead } from './overhead.js';
import { overloadAbout, runOverload } from './overload.js';
import { overloadFlags, overloadNotes } from './overload/overload-flags.js';
import { peersAbout, peersFlags, peersNotes, runPeers } from './peers.js';
import { replayAbout, replayFlags, runReplay } from './replay.js';
import { policiesAbout, policiesColumns, policiesFlags, runPolicies } from './policies.js';
import { residualsAbout, residualsFlags, runResiduals } from './residuals.js';
import { runSimulate, simulateAbout, simulateFlags, simulateTables } from './simulate.js';
import { runTiers, tiersAbout, tiersColumns, tiersFlags } from './tiers.js';
import { timedLoadColumns } from './timed-load-flags.js';

interface Entry {
  /** As typed behind `npm run`. */
  typed: string;
  about: string;
  start: (args: string[]) => Promise<void>;
}

/** `notes` stand behind --help of the command only. */
function entry<S extends FlagSpec>(command: {
  typed: string;
  about: string;
  notes?: string;
  flags: S;
  run: (flags: FlagValues<S>) => Promise<void>;
}): Entry {
  const { typed, about, notes, flags, run } = command;
  const whole = notes === undefined ? about : `${about}\n\n${notes}`;
  return {
    typed,
    about,
    start: (args) => runCommand({ name: typed, about: whole, flags, args, run }),
  };
}

const commands: Readonly<Record<string, Entry>> = {
  tiers: entry({
    typed: 'loadtest -- tiers',
    about: tiersAbout,
    notes: tiersColumns,
    flags: tiersFlags,
    run: runTiers,
  }),
  ab: entry({ typed: 'loadtest -- ab', about: abAbout, flags: abFlags, run: runAb }),
  'open-loop': entry({
    typed: 'loadtest -- open-loop',
    about: openLoopAbout,
    notes: timedLoadColumns,
    flags: openLoopFlags,
    run: (flags) => runOpenLoop(flags),
  }),
  replay: entry({
    typed: 'loadtest -- replay',
    about: replayAbout,
    notes: timedLoadColumns,
    flags: replayFlags,
    run: (flags) => runReplay(flags),
  }),
  overload: entry({
    typed: 'loadtest -- overload',
    about: overloadAbout,
    notes: overloadNotes.join('\n'),
    flags: overloadFlags,
    run: (flags) => runOverload(flags),
  }),
  cascade: entry({
    typed: 'loadtest -- cascade',
    about: cascadeAbout,
    notes: cascadeNotes.join('\n'),
    flags: cascadeFlags,
    run: runCascade,
  }),
  peers: entry({
    typed: 'loadtest -- peers',
    about: peersAbout,
    notes: peersNotes.join('\n'),
    flags: peersFlags,
    run: runPeers,
  }),
  overhead: entry({
    typed: 'loadtest -- overhead',
    about: overheadAbout,
    notes: overheadNotes.join('\n'),
    flags: overheadFlags,
    run: runOverhead,
  }),
  builds: entry({
    typed: 'loadtest -- builds',
    about: buildsAbout,
    notes: buildsNotes.join('\n'),
    flags: buildsFlags,
    run: (flags) => runBuilds(flags),
  }),
  growth: entry({
    typed: 'loadtest -- growth',
    about: growthAbout,
    notes: growthNotes.join('\n'),
    flags: growthFlags,
    run: runGrowth,
  }),
  policies: entry({
    typed: 'loadtest -- policies',
    about: policiesAbout,
    notes: policiesColumns,
    flags: policiesFlags,
    run: (flags) => runPolicies(flags),
  }),
  simulate: entry({
    typed: 'loadtest -- simulate',
    about: simulateAbout,
    notes: simulateTables,
    flags: simulateFlags,
    run: runSimulate,
  }),
  residuals: entry({
    typed: 'loadtest -- residuals',
    about: residualsAbout,
    flags: residualsFlags,
    run: runResiduals,
  }),
  bench: entry({ typed: 'bench --', about: benchAbout, flags: benchFlags, run: runBench }),
};

const lines = Object.values(commands).map(
  ({ typed, about }) => `${`npm run ${typed} [flags]`.padEnd(38)} ${about}`,
);
const usage = `${lines.join('\n')}\n\n--help behind one of them lists its flags.`;

const [name, ...args] = process.argv.slice(2);
const command = name === undefined ? undefined : commands[name];
if (command !== undefined) {
  await command.start(args);
} else if (name === '--help') {
  console.log(usage);
} else {
  const problem = name === undefined ? 'Name a command.' : `There is no command "${name}".`;
  console.error(`${problem}\n\n${usage}`);
  process.exitCode = 2;
}
