import { parseFlags, UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { describeFlags } from './help.js';

const helpFlag = { help: { kind: 'switch', help: 'Print this text.' } } as const;

interface Command<S extends FlagSpec> {
  /** As typed behind `npm run`. */
  name: string;
  about: string;
  flags: S;
  args: string[];
  run: (flags: FlagValues<S>) => Promise<void>;
}

/** Parses the flags and runs a command; a wrong flag ends with exit code 2 and one line, a failure with 1. */
export async function runCommand<S extends FlagSpec>(command: Command<S>): Promise<void> {
  const { name, about, flags, args } = command;
  if (args.includes('--help')) {
    console.log(
      `npm run ${name} [flags]\n\n${about}\n\n${describeFlags({ ...flags, ...helpFlag })}`,
    );
    return;
  }
  try {
    await command.run(parseFlags(args, flags));
  } catch (error) {
    const usage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    console.error(usage ? `${message}\nnpm run ${name} --help lists the flags.` : message);
    process.exitCode = usage ? 2 : 1;
  }
}
