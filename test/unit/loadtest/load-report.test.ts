import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags } from '../../../loadtest/flags.js';
import { describeLoad, describeRates } from '../../../loadtest/load-report.js';
import { loadResultOf } from '../../../loadtest/load-result.js';
import { timedLoadFlags } from '../../../loadtest/timed-load-flags.js';

const lag = { p50: 0.104, p90: 0.2, p99: 0.456, p99_9: 1, max: 2 };
const nothing = loadResultOf([], { corpus: [], seconds: 1, burst: undefined });

describe('describeLoad', () => {
  const describeArgs = (...args: string[]) => describeLoad(parseFlags(args, timedLoadFlags));

  it('tells arrivals, budgets, on_miss and the cache', () => {
    assert.equal(
      describeArgs(),
      'arrivals Poisson; budgets of 5, 10, 20, 50 ms; on_miss degrade; result cache bypassed',
    );
  });

  it('tells bunches, a pin and retries where they are asked for', () => {
    const told = describeArgs('--cv2', '4', '--variant', 'full', '--retries', '3', '--cache');

    for (const part of ['gamma, CV² 4', 'pinned to full', '3 immediate retries', 'cache allowed']) {
      assert.ok(told.includes(part), part);
    }
  });
});

describe('describeRates', () => {
  it('tells offered, answered and in time, and the lag of the load generator', () => {
    const rates = { offeredPerSecond: 20, answeredPerSecond: 19.5, goodputPerSecond: 18 };

    assert.deepEqual(describeRates({ ...nothing, ...rates, sentPerSecond: 20 }, lag).split('\n'), [
      'requests/s: offered 20.0, answered 19.5, in time 18.0',
      'send lag of the load generator: p50 0.10 ms, p99 0.46 ms, max 2.00 ms',
    ]);
    const retried = describeRates({ ...nothing, ...rates, sentPerSecond: 31 }, lag);
    assert.match(retried, /offered 20\.0, sent with retries 31\.0/);
  });

  it('tells when a burst was got over, or that it was not', () => {
    const tell = (seconds: number | null) =>
      describeRates(
        { ...nothing, recovery: { before: 1, during: 0.25, seconds, windowSeconds: 0.5 } },
        lag,
      );

    assert.match(
      tell(3),
      /before the burst 100\.0 %, during it 25\.0 %; back to 95 % .* 3\.00 s after/,
    );
    assert.match(tell(null), /not back to 95 % of the share before until the end/);
  });
});
