import { FolderError } from '../registry/folder-error.js';
import { LockedError } from '../registry/folder-lock.js';
import { ModelsError } from '../registry/read-models.js';
import { buildCommand, buildFlags } from './build-command.js';
import { CliError, EXIT, usageError } from './cli-error.js';
import { describeFlags, type FlagSpec } from './flags.js';
import { fitCommand, fitFlags } from './fit-command.js';
import { listCommand, listFlags } from './list-command.js';
import { rmCommand, rmFlags } from './rm-command.js';

interface Command {
  readonly usage: string;
  readonly about: string;
  readonly flags: Readonly<Record<string, FlagSpec>>;
  readonly run: (args: readonly string[]) => Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  build: {
    usage: 'build --parent NAME [--precision P] [--layers 0,2,4] [--ffn .75] [--heads .5] [flags]',
    about:
      "Makes a smaller variant of one that is there, checks its answers against its parent's,\n" +
      'and takes it into the models folder. A gateway serves it from its next start.',
    flags: buildFlags,
    run: buildCommand,
  },
  fit: {
    usage: 'fit --parent NAME --max-ms 2 [--tokens 32] [--min-agreement .97] [flags]',
    about:
      'Finds the smaller variant that agrees most with its parent among those that are fast enough\n' +
      'on this host: builds and measures up to 12, in half a minute for a model of 90 MB and two\n' +
      'minutes at most, prints those that none beats in time and agreement, and takes the best in.',
    flags: fitFlags,
    run: fitCommand,
  },
  list: {
    usage: 'list [--models DIR]',
    about:
      'Lists the variants. Quality is entity F1 on validation, or agreement with a model that nobody\n' +
      'has evaluated; times are those of the host that made the variant. A gateway loads all at its\n' +
      'start but those that the manifest retires: they are there for others to be made of them.',
    flags: listFlags,
    run: listCommand,
  },
  rm: {
    usage: 'rm NAME ... [--force]',
    about: 'Removes variants that a build made. A gateway that serves one goes on until it ends.',
    flags: rmFlags,
    run: rmCommand,
  },
};

const HELP = {
  help: { help: 'print this text' },
} as const;

function overview(): string {
  const lines = Object.values(commands).map(({ usage, about }) => {
    const indented = about.replaceAll('\n', '\n      ');
    return `  npm run variants -- ${usage}\n      ${indented}`;
  });
  return [
    'Makes, finds, lists and removes variants of the models folder.',
    ...lines,
    'Each command has a --help of its own. Exit codes: 0 done; 1 it could not be done; 2 the command line\n' +
      'is wrong; 3 what was made is not good enough; 130 interrupted. Only 0 changes the models folder.',
  ].join('\n\n');
}

function helpOf({ usage, about, flags }: Command): string {
  const all = describeFlags({ ...flags, ...HELP });
  return `npm run variants -- ${usage}\n\n${about}\n\n${all}`;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(overview());
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw usageError(
      `there is no command ${name}; there are ${Object.keys(commands).join(', ')} (see --help)`,
    );
  }
  if (args.includes('--help')) {
    console.log(helpOf(command));
    return;
  }
  await command.run(args);
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof FolderError) return error.isOfHost ? EXIT.failed : EXIT.usage;
  return error instanceof ModelsError || error instanceof LockedError ? EXIT.failed : undefined;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const exitCode = exitCodeOf(error);
  // What nobody expected needs its stack.
  if (exitCode === undefined) throw error;
  console.error((error as Error).message);
  process.exitCode = exitCode;
}
