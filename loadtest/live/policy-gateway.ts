// Run as a process, `policy-gateway.js POLICY`: the gateway, environment and all, with the scheduler of another policy.

import { existsSync, readFileSync } from 'node:fs';
import { createApp } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { policyForms, policyNamed } from '../simulation/policies/named-policy.js';

const name = process.argv[2] ?? '';
const named = policyNamed(name);
if (named === undefined) {
  throw new Error(`there is no policy "${name}"; there are ${policyForms.join(', ')}`);
}
const config = loadConfig({
  env: process.env,
  readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
});
const app = await createApp({
  config,
  logger: createLogger(config.logLevel),
  schedulerOf: (options) => named.policy.create(options),
});
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
await app.listen();
await app.ready();
