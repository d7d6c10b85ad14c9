import type { FlagSpec } from './flags.js';

/** What every command takes. */
export const resultFlags = {
  out: { kind: 'text', default: 'loadtest/results', help: 'The folder of the result file.' },
} as const satisfies FlagSpec;

/** What the commands take that send requests to one gateway. */
export const gatewayFlags = {
  url: {
    kind: 'text',
    default: undefined,
    help: 'A gateway that runs already, such as http://127.0.0.1:8080. Without it one is started and stopped.',
  },
  duration: { kind: 'number', default: 10, min: 1, max: 600, help: 'Seconds measured per row.' },
  warmup: { kind: 'number', default: 2, min: 0, max: 60, help: 'Seconds before, not counted.' },
  cache: { kind: 'switch', help: 'Allow the result cache, which is bypassed otherwise.' },
  ...resultFlags,
} as const satisfies FlagSpec;
