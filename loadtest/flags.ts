import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A wrong command line; the message is for the user, who needs no stack. */
export class UsageError extends Error {}

interface NumberFlag {
  kind: 'number';
  default: number | undefined;
  min: number;
  max: number;
  /** Whether parts of whole numbers are allowed. */
  fractions?: true;
  help: string;
}
interface NumbersFlag {
  kind: 'numbers';
  default: readonly number[];
  min: number;
  max: number;
  /** Whether parts of whole numbers are allowed. */
  fractions?: true;
  help: string;
}
interface TextFlag {
  kind: 'text';
  default: string | undefined;
  help: string;
}
interface ChoiceFlag {
  kind: 'choice';
  options: readonly string[];
  default: string;
  help: string;
}
interface TextsFlag {
  kind: 'texts';
  default: readonly string[] | undefined;
  help: string;
}
interface SwitchFlag {
  kind: 'switch';
  help: string;
}
export type Flag = NumberFlag | NumbersFlag | TextFlag | ChoiceFlag | TextsFlag | SwitchFlag;
export type FlagSpec = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F extends SwitchFlag
  ? boolean
  : F extends { kind: 'number'; default: infer D }
    ? number | Extract<D, undefined>
    : F extends NumbersFlag
      ? number[]
      : F extends { kind: 'text'; default: infer D }
        ? string | Extract<D, undefined>
        : F extends { kind: 'choice'; options: readonly (infer O)[] }
          ? O
          : F extends { kind: 'texts'; default: infer D }
            ? string[] | Extract<D, undefined>
            : never;
export type FlagValues<S extends FlagSpec> = { [K in keyof S]: ValueOf<S[K]> };

/** Parses and checks the flags of a command; throws UsageError that names the flag and what it takes. */
export function parseFlags<S extends FlagSpec>(args: string[], spec: S): FlagValues<S> {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, flag] of Object.entries(spec)) {
    options[name] = { type: flag.kind === 'switch' ? 'boolean' : 'string' };
  }
  const given = parseStrictly(args, options);
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(spec)) {
    values[name] = readFlag(name, flag, given[name]);
  }
  return values as FlagValues<S>;
}

function parseStrictly(
  args: string[],
  options: NonNullable<ParseArgsConfig['options']>,
): Record<string, unknown> {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function readFlag(name: string, flag: Flag, given: unknown): unknown {
  if (flag.kind === 'switch') return given === true;
  if (typeof given !== 'string') return flag.default;
  switch (flag.kind) {
    case 'number':
      return readNumber(name, flag, given);
    case 'numbers':
      return readTexts(name, given).map((part) => readNumber(name, flag, part));
    case 'text':
      if (given === '') throw new UsageError(`--${name} needs a value`);
      return given;
    case 'choice':
      if (!flag.options.includes(given)) {
        throw new UsageError(`--${name} takes ${flag.options.join(' or ')}, not "${given}"`);
      }
      return given;
    case 'texts':
      return readTexts(name, given);
  }
}

function readNumber(
  name: string,
  { min, max, fractions = false }: { min: number; max: number; fractions?: boolean },
  text: string,
): number {
  const value = Number(text);
  const isRight = fractions ? Number.isFinite(value) : Number.isInteger(value);
  if (text.trim() === '' || !isRight || value < min || value > max) {
    const what = fractions ? 'numbers' : 'whole numbers';
    throw new UsageError(`--${name} takes ${what} from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function readTexts(name: string, text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.includes('')) throw new UsageError(`--${name} takes a list like a,b,c, not "${text}"`);
  if (new Set(parts).size < parts.length) throw new UsageError(`--${name} names something twice`);
  return parts;
}
