/** Where settings come from: environment variables and the configuration file. Nothing is validated here but names. */

/** A variable of the environment and the key of the configuration that it sets. */
export interface Variable {
  readonly name: string;
  readonly key: string;
  /** Its text is turned into a number where it looks like one. */
  readonly numeric?: true;
}

export const CONFIG_FILE_VARIABLE = 'ENTIER_CONFIG';
export const DEFAULT_CONFIG_FILE = 'entier.config.json';

export const VARIABLES: readonly Variable[] = [
  { name: 'HOST', key: 'host' },
  { name: 'PORT', key: 'port', numeric: true },
  { name: 'ENTIER_MODELS_DIR', key: 'modelsDir' },
  { name: 'ENTIER_PROFILES_DIR', key: 'profilesDir' },
  { name: 'ENTIER_WORKERS', key: 'workers', numeric: true },
  { name: 'ENTIER_THREADS', key: 'threads', numeric: true },
  { name: 'ENTIER_EXECUTION_PROVIDER', key: 'executionProvider' },
  { name: 'ENTIER_CACHE_BYTES', key: 'cacheBytes', numeric: true },
  { name: 'ENTIER_LOG_LEVEL', key: 'logLevel' },
  { name: 'ENTIER_DRAIN_TIMEOUT_MS', key: 'drainTimeoutMs', numeric: true },
  { name: 'ENTIER_DEFAULT_TIER', key: 'defaultTier' },
  { name: 'ENTIER_ADMIN_KEY', key: 'adminKey' },
  { name: 'LD_LIBRARY_PATH', key: 'libraryPath' },
];

/** Keys that a file may not set: what a host has, and what no file should hold that is copied and committed. */
const ENVIRONMENT_ONLY: readonly string[] = ['libraryPath', 'adminKey'];

export type Environment = Readonly<Record<string, string | undefined>>;

/** Raw settings with what was wrong in their names; `origin` says for people where a key was set. */
export interface Settings {
  readonly values: Readonly<Record<string, unknown>>;
  readonly origin: (key: string) => string | undefined;
  readonly problems: readonly string[];
}

/** The settings of the environment. A variable that is set to nothing counts as not set. */
export function fromEnvironment(env: Environment): Settings {
  const values: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const { name, key, numeric } of VARIABLES) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    values[key] = numeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    names.set(key, name);
  }
  return { values, origin: (key) => names.get(key), problems: unknownVariables(env) };
}

/** The settings of the file. `readText` returns undefined where there is no such file. */
export function fromFile(
  env: Environment,
  readText: (path: string) => string | undefined,
): Settings {
  const named = env[CONFIG_FILE_VARIABLE];
  const path = named === undefined || named === '' ? DEFAULT_CONFIG_FILE : named;
  const nothing = { values: {}, origin: () => undefined };
  const text = readText(path);
  if (text === undefined) {
    if (path !== named) return { ...nothing, problems: [] };
    const both = `create it or unset ${CONFIG_FILE_VARIABLE}`;
    return { ...nothing, problems: [`${CONFIG_FILE_VARIABLE}: there is no file ${path}; ${both}`] };
  }
  const { value, problem } = parseObject(text);
  if (problem !== undefined) return { ...nothing, problems: [`${path}: ${problem}`] };
  const forbidden = VARIABLES.filter(
    ({ key }) => ENVIRONMENT_ONLY.includes(key) && Object.hasOwn(value, key),
  );
  if (forbidden.length > 0) {
    const problems = forbidden.map(({ key, name }) => `${path}: ${key} is set by ${name} only`);
    return { ...nothing, problems };
  }
  return { values: value, origin: (key) => `${path}: ${key}`, problems: [] };
}

function parseObject(text: string): { value: Record<string, unknown>; problem?: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { value: value as Record<string, unknown> };
    }
    return { value: {}, problem: 'expected a JSON object' };
  } catch (error) {
    return { value: {}, problem: `is not JSON (${(error as Error).message})` };
  }
}

/** A variable of ours that nobody reads is a typing error: whoever set it believes that it works. */
function unknownVariables(env: Environment): string[] {
  const known = [...VARIABLES.map(({ name }) => name), CONFIG_FILE_VARIABLE];
  const ours = known.filter((name) => name.startsWith('ENTIER_'));
  return Object.keys(env)
    .filter((name) => name.startsWith('ENTIER_') && !known.includes(name))
    .map((name) => `${name}: there is no such variable; did you mean ${nearest(name, ours)}?`);
}

/** The candidate with the fewest edits. */
export function nearest(word: string, candidates: readonly string[]): string {
  const ranked = candidates.map((candidate) => ({ candidate, edits: edits(word, candidate) }));
  return ranked.reduce((best, next) => (next.edits < best.edits ? next : best)).candidate;
}

/** Levenshtein distance. */
function edits(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      line.push(Math.min(above[column]! + 1, line[column - 1]! + 1, above[column - 1]! + same));
    }
    above = line;
  }
  return above[right.length]!;
}
