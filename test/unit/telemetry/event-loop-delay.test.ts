import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { declareEventLoopDelay } from '../../../src/telemetry/event-loop-delay.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';

/** A histogram whose samples in ms are given by the test; quantiles by nearest rank. */
function fakeHistogram(samplesMs: number[]) {
  const nanos = () => samplesMs.map((ms) => ms * 1e6).sort((a, b) => a - b);
  return {
    get count() {
      return samplesMs.length;
    },
    get max() {
      return nanos().at(-1) ?? 0;
    },
    percentile: (percent: number) =>
      nanos()[Math.ceil((percent / 100) * samplesMs.length) - 1] ?? 511,
    reset: () => {
      samplesMs.length = 0;
    },
  };
}

async function scrape(register: Registry): Promise<Record<string, number>> {
  const text = await register.metrics();
  const rows = text.matchAll(/^entier_event_loop_delay_seconds\{quantile="([\d.]+)"\} (\S+)$/gm);
  return Object.fromEntries([...rows].map(([, quantile, value]) => [quantile!, Number(value)]));
}

const rounded = (values: Record<string, number>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value.toFixed(6))]));

describe('entier_event_loop_delay_seconds', () => {
  it('is the time between two runs of its timer less the 1 ms of the timer, in seconds', async () => {
    const register = new Registry();
    const samples = [...Array.from({ length: 98 }, () => 1.1), 6, 31];
    declareEventLoopDelay(register, fakeHistogram(samples));

    assert.deepEqual(rounded(await scrape(register)), {
      '0.5': 0.0001,
      '0.9': 0.0001,
      '0.99': 0.005,
      '1': 0.03,
    });
  });

  it('tells of the time since the last scrape, and is never below 0', async () => {
    const register = new Registry();
    const samples = [50];
    declareEventLoopDelay(register, fakeHistogram(samples));

    const first = await scrape(register);
    samples.push(0.9);
    const second = await scrape(register);
    const third = await scrape(register);

    assert.equal(first['1'], 0.049);
    assert.equal(second['1'], 0);
    assert.deepEqual(third, { '0.5': 0, '0.9': 0, '0.99': 0, '1': 0 });
  });

  it('is sampled from the loop of this process', async () => {
    const metrics = createMetrics();
    const seen = async () =>
      Number(
        /^entier_event_loop_delay_seconds\{quantile="1"\} (\S+)$/m.exec(
          await metrics.render(),
        )?.[1],
      );
    const turns = () => new Promise((resolve) => setTimeout(resolve, 10));
    await seen();
    // Node takes the first run of the timer after a reset for the beginning of the first interval.
    await turns();

    const until = performance.now() + 40;
    while (performance.now() < until);
    await turns();

    // The timer cannot have run meanwhile.
    assert.ok((await seen()) >= 0.03);
  });
});
