/** A worker is killed every two seconds for a minute, under load. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayProcess } from '../support/gateway-process.js';

const DURATION_MS = 60_000;
const KILL_EVERY_MS = 2_000;
const CALLERS = 4;

it(
  'answers at least 99.5 % of the requests while workers die',
  { timeout: 3 * DURATION_MS },
  async () => {
    const gateway = await GatewayProcess.start({ ENTIER_WORKERS: '2', ENTIER_LOG_LEVEL: 'silent' });
    const until = performance.now() + DURATION_MS;
    const statuses: number[] = [];
    let kills = 0;

    const caller = async (name: number): Promise<void> => {
      for (let i = 0; performance.now() < until; i += 1) {
        const response = await fetch(`${gateway.url}/ner`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            text: `Caller ${name} asks of London, ${i}.`,
            latency_budget_ms: 10_000,
          }),
        });
        await response.arrayBuffer();
        statuses.push(response.status);
      }
    };
    const killer = async (): Promise<void> => {
      while (performance.now() < until) {
        await sleep(KILL_EVERY_MS);
        const [victim] = gateway.workerPids();
        if (victim === undefined) continue;
        process.kill(victim, 'SIGKILL');
        kills += 1;
      }
    };
    await Promise.all([killer(), ...Array.from({ length: CALLERS }, (_, name) => caller(name))]);

    const good = statuses.filter((status) => status === 200).length;
    assert.ok(kills >= 20, `${kills} kills`);
    assert.ok(good >= 0.995 * statuses.length, `${good} of ${statuses.length} with ${kills} kills`);
    assert.equal((await fetch(`${gateway.url}/readyz`)).status, 200);
    const { exitCode } = await gateway.stop();
    assert.equal(exitCode, 0);
  },
);
