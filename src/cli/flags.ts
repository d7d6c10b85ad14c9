import { parseArgs } from 'node:util';
import { usageError } from './cli-error.js';

export interface FlagSpec {
  /** What stands behind it in the help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
}

/** The flags of a command line as they were given, and what checks them. */
export class Flags {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];

  /** Throws CliError for a flag that the command does not have. */
  constructor(args: readonly string[], spec: Readonly<Record<string, FlagSpec>>) {
    const options = Object.fromEntries(
      Object.entries(spec).map(([name, { value }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    );
    try {
      const parsed = parseArgs({ args: [...args], options, allowPositionals: true });
      this.#values = parsed.values;
      this.positionals = parsed.positionals;
    } catch (error) {
      if (error instanceof TypeError) throw usageError(error.message);
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === '') throw usageError(`--${name} needs a value`);
    return typeof value === 'string' ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw usageError(`--${name} is missing`);
    return value;
  }

  /** Within its bounds; throws CliError otherwise. */
  number(
    name: string,
    { min, max, whole = false }: { min: number; max: number; whole?: boolean },
  ): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max) || (whole && value % 1 !== 0)) {
      const what = whole ? 'a whole number' : 'a number';
      throw usageError(`--${name} takes ${what} from ${min} to ${max}, not "${text}"`);
    }
    return value;
  }

  /** A list such as `0,2,4`. */
  wholeNumbers(name: string): number[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return text.split(',').map((part) => {
      if (!/^\s*\d{1,4}\s*$/.test(part))
        throw usageError(`--${name} takes whole numbers such as 0,2,4, not "${text}"`);
      return Number(part);
    });
  }
}

/** The flags of a command, one a line. */
export function describeFlags(spec: Readonly<Record<string, FlagSpec>>): string {
  const heads = Object.entries(spec).map(
    ([name, { value }]) => `  --${name}${value === undefined ? '' : ` ${value}`}`,
  );
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  return Object.values(spec)
    .map(({ help }, index) => `${heads[index]!.padEnd(width)}${help}`)
    .join('\n');
}
