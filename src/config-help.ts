import type { z } from 'zod';
import { configSchema } from './config-schema.js';
import { CONFIG_FILE_VARIABLE, DEFAULT_CONFIG_FILE, VARIABLES } from './config-sources.js';
import type { Config } from './config.js';

/** The text of `--help`: every variable with its meaning and default, then the keys of the file. */
export function configHelp(): string {
  const defaults: Record<string, unknown> = configSchema.parse({});
  const shape: Record<string, z.ZodType> = configSchema.shape;
  const line = (name: string, key: string): string =>
    `  ${name}\n      ${shape[key]!.description ?? ''} Default: ${JSON.stringify(defaults[key])}`;
  const fileOnly = Object.keys(shape).filter((key) => !VARIABLES.some((each) => each.key === key));
  return [
    'Usage: node dist/main.js [--help | --print-config]',
    '',
    'Environment:',
    ...VARIABLES.map(({ name, key }) => line(name, key)),
    `  ${CONFIG_FILE_VARIABLE}`,
    `      The configuration file. Default: ${JSON.stringify(DEFAULT_CONFIG_FILE)} if it exists`,
    '',
    'Keys of the configuration file: those below and, in camelCase, those above. The environment wins.',
    ...fileOnly.map((key) => line(key, key)),
    '',
  ].join('\n');
}

/** The text of `--print-config`: everything but the secret, of which it says whether there is one. */
export function printableConfig(config: Config): string {
  const adminKey = config.adminKey === '' ? '' : '(set, not shown)';
  return JSON.stringify({ ...config, adminKey }, null, 2);
}
