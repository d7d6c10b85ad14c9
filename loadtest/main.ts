import { abAbout, abFlags, runAb } from './ab.js';
import { benchAbout, benchFlags, runBench } from './bench.js';
import { cascadeAbout, cascadeFlags, runCascade } from './cascade.js';
import { runCommand } from './command.js';
import { openLoopAbout, openLoopFlags, runOpenLoop } from './open-loop.js';
import { replayAbout, replayFlags, runReplay } from './replay.js';
import { runTiers, tiersAbout, tiersColumns, tiersFlags } from './tiers.js';
import { timedLoadColumns } from './timed-load-flags.js';

const usage = `npm run loadtest -- tiers [flags]       ${tiersAbout}
npm run loadtest -- ab [flags]          ${abAbout}
npm run loadtest -- open-loop [flags]   ${openLoopAbout}
npm run loadtest -- replay [flags]      ${replayAbout}
npm run loadtest -- cascade [flags]     Cascades of two variants on CoNLL-2003: served F1 and processor time at several thresholds.
npm run bench -- [flags]                ${benchAbout}

--help behind one of them lists its flags.`;

const [name, ...args] = process.argv.slice(2);
if (name === 'tiers') {
  const about = `${tiersAbout}\n\n${tiersColumns}`;
  const command = { name: 'loadtest -- tiers', about, flags: tiersFlags };
  await runCommand({ ...command, args, run: runTiers });
} else if (name === 'ab') {
  await runCommand({ name: 'loadtest -- ab', about: abAbout, flags: abFlags, args, run: runAb });
} else if (name === 'open-loop') {
  const about = `${openLoopAbout}\n\n${timedLoadColumns}`;
  const command = { name: 'loadtest -- open-loop', about, flags: openLoopFlags };
  await runCommand({ ...command, args, run: (flags) => runOpenLoop(flags) });
} else if (name === 'replay') {
  const about = `${replayAbout}\n\n${timedLoadColumns}`;
  const command = { name: 'loadtest -- replay', about, flags: replayFlags };
  await runCommand({ ...command, args, run: (flags) => runReplay(flags) });
} else if (name === 'cascade') {
  const command = { name: 'loadtest -- cascade', about: cascadeAbout, flags: cascadeFlags };
  await runCommand({ ...command, args, run: runCascade });
} else if (name === 'bench') {
  await runCommand({ name: 'bench --', about: benchAbout, flags: benchFlags, args, run: runBench });
} else if (name === '--help') {
  console.log(usage);
} else {
  const problem = name === undefined ? 'Name a command.' : `There is no command "${name}".`;
  console.error(`${problem}\n\n${usage}`);
  process.exitCode = 2;
}
