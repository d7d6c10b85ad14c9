import { contradictions } from './config-contradictions.js';
import { configSchema, type ParsedConfig } from './config-schema.js';
import { fromEnvironment, fromFile } from './config-sources.js';
import type { Environment } from './config-sources.js';

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

/** The whole configuration: checked, filled in and frozen. */
export type Config = Frozen<ParsedConfig>;

/** The gateway cannot start with these settings. The message holds every problem, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads environment and configuration file; the environment wins. `readFile` returns undefined where there is no such
 * file. Throws ConfigError with all problems at once.
 */
export function loadConfig({
  env,
  readFile,
}: {
  env: Environment;
  readFile: (path: string) => string | undefined;
}): Config {
  const variables = fromEnvironment(env);
  const file = fromFile(env, readFile);
  const problems = [...variables.problems, ...file.problems];
  const parsed = configSchema.safeParse({ ...file.values, ...variables.values });
  if (parsed.success) {
    problems.push(...contradictions(parsed.data));
    if (problems.length === 0) return deepFreeze(parsed.data);
  }
  for (const { path, message } of parsed.error?.issues ?? []) {
    const [key = '', ...inner] = path.map(String);
    const where = variables.origin(key) ?? file.origin(key) ?? key;
    problems.push(
      `${[where, ...inner].join('.').replace(/\.$/, '').replace(/: $/, '')}: ${message}`,
    );
  }
  throw new ConfigError(problems);
}

function deepFreeze<T>(value: T): Frozen<T> {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value as Frozen<T>;
}
