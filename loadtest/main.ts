import { abAbout, abFlags, runAb } from './ab.js';
import { benchAbout, benchFlags, runBench } from './bench.js';
import { runCommand } from './command.js';
import { runTiers, tiersAbout, tiersColumns, tiersFlags } from './tiers.js';

const usage = `npm run loadtest -- tiers [flags]   ${tiersAbout}
npm run loadtest -- ab [flags]      ${abAbout}
npm run bench -- [flags]            ${benchAbout}

--help behind one of them lists its flags.`;

const [name, ...args] = process.argv.slice(2);
if (name === 'tiers') {
  const about = `${tiersAbout}\n\n${tiersColumns}`;
  const command = { name: 'loadtest -- tiers', about, flags: tiersFlags };
  await runCommand({ ...command, args, run: runTiers });
} else if (name === 'ab') {
  await runCommand({ name: 'loadtest -- ab', about: abAbout, flags: abFlags, args, run: runAb });
} else if (name === 'bench') {
  await runCommand({ name: 'bench --', about: benchAbout, flags: benchFlags, args, run: runBench });
} else if (name === '--help') {
  console.log(usage);
} else {
  const problem = name === undefined ? 'Name a command.' : `There is no command "${name}".`;
  console.error(`${problem}\n\n${usage}`);
  process.exitCode = 2;
}
