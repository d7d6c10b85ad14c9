import { fileURLToPath } from 'node:url';
import { openGateway, type Gateway } from '../gateway-process.js';
import type { LiveFlags } from './live-flags.js';

const POLICY_GATEWAY = fileURLToPath(new URL('./policy-gateway.js', import.meta.url));

/** Starts a gateway with this policy, named as `policyNamed` takes it, and waits until all its variants have loaded. */
export function openPolicy(name: string, flags: LiveFlags): Promise<Gateway> {
  return openGateway({
    script: [POLICY_GATEWAY, name],
    modelsDir: flags.models,
    niceness: flags['live-nice'],
  });
}
