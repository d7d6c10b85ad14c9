import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyModel } from '../../../src/scheduling/latency-model.js';
import { runTimeMs } from '../../../src/scheduling/latency-profile.js';
import { referenceVariants } from '../../support/reference-variants.js';
import { seededRandom } from '../../../loadtest/random.js';

function modelOf(): LatencyModel {
  const model = new LatencyModel();
  model.setVariants(referenceVariants);
  return model;
}

function observe(model: LatencyModel, ratios: readonly number[], variant = 'full-int8'): void {
  const { profile } = referenceVariants.find(({ name }) => name === variant)!;
  for (const ratio of ratios) {
    const measuredMs = ratio * runTimeMs(profile, 1, 64);
    model.observe({ variant, jobs: 1, length: 64, measuredMs }, 0);
  }
}

test('LatencyModel predicts the profile before anything was measured, and a larger p95', () => {
  const model = modelOf();
  const full = model.find('full')!;

  assert.equal(model.predictMs(full, 1, 100), 1.1 + 16.5);
  assert.ok(model.predictP95Ms(full, 1, 100) > model.predictMs(full, 1, 100));
});

test('LatencyModel follows a host that is three times slower within 40 batches, for all variants', () => {
  const model = modelOf();

  observe(model, new Array<number>(40).fill(3));

  assert.ok(Math.abs(model.slowdown - 3) < 0.3, `slowdown ${model.slowdown}`);
  const full = model.find('full')!;
  assert.ok(Math.abs(model.predictMs(full, 1, 64) / runTimeMs(full.profile, 1, 64) - 3) < 0.3);
});

test('LatencyModel comes back to 1 within 40 batches after the host recovers', () => {
  const model = modelOf();
  observe(model, new Array<number>(60).fill(3));

  observe(model, new Array<number>(40).fill(1));

  assert.ok(Math.abs(model.slowdown - 1) < 0.1, `slowdown ${model.slowdown}`);
});

test('LatencyModel is moved by at most 7 % by one stall, however long', () => {
  const model = modelOf();

  observe(model, [1000]);

  assert.ok(model.slowdown < 1.07);
});

test('LatencyModel covers 93 to 97 % of noisy runs with its p95', () => {
  const model = modelOf();
  const random = seededRandom(11);
  const noise = () =>
    Math.exp(0.12 * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()));
  observe(model, Array.from({ length: 300 }, noise));
  const variant = model.find('full-int8')!;

  let covered = 0;
  for (let i = 0; i < 2000; i += 1) {
    const ratio = noise();
    const measuredMs = ratio * runTimeMs(variant.profile, 1, 64);
    if (measuredMs <= model.predictP95Ms(variant, 1, 64)) covered += 1;
    observe(model, [ratio]);
  }

  assert.ok(covered > 1860 && covered < 1960, `covered ${covered} of 2000`);
});

test('LatencyModel learns a p95 per variant', () => {
  const model = modelOf();
  const wide = Array.from({ length: 200 }, (_, i) => (i % 8 === 0 ? 1.5 : 0.95));

  observe(model, wide, 'pruned');

  assert.ok(model.p95Factor(model.find('pruned')!) > 1.4);
  assert.ok(model.p95Factor(model.find('full')!) < 1.2);
});

test('LatencyModel forgets a slowdown that nothing has confirmed for ten seconds', () => {
  const model = modelOf();
  observe(model, new Array<number>(60).fill(3));

  model.forget(900);
  assert.ok(model.slowdown > 2.7, 'not before a second of silence');
  for (let now = 1000; now <= 10_000; now += 100) model.forget(now);

  assert.ok(model.slowdown < 1.02, `slowdown ${model.slowdown}`);
});

test('LatencyModel ignores measurements of unknown variants and impossible times', () => {
  const model = modelOf();

  for (const measuredMs of [0, -1, Number.NaN, Infinity]) {
    model.observe({ variant: 'full', jobs: 1, length: 64, measuredMs }, 0);
  }
  model.observe({ variant: 'gone', jobs: 1, length: 64, measuredMs: 99 }, 0);

  assert.equal(model.slowdown, 1);
});

test('LatencyModel keeps what it learned of a variant whose profile stays the same', () => {
  const model = modelOf();
  const before = model.find('pruned')!.residuals;

  model.setVariants(referenceVariants.filter(({ name }) => name !== 'full'));

  assert.equal(model.find('pruned')!.residuals, before);
  assert.equal(model.find('full'), undefined);
  assert.equal(model.variants[0]!.name, 'full-int8');
});

test('LatencyModel adds what every run takes beside itself, however long the run and however slow the host', () => {
  const model = modelOf();
  for (let i = 0; i < 100; i += 1) model.observeDispatch(0.4);
  const full = model.find('full')!;
  assert.ok(Math.abs(model.predictMs(full, 1, 100) - (1.1 + 16.5 + 0.4)) < 0.01);

  observe(model, new Array<number>(60).fill(2));

  const runMs = model.slowdown * (1.1 + 16.5);
  assert.ok(Math.abs(model.predictMs(full, 1, 100) - runMs - 0.4) < 0.01);
});

test('LatencyModel is moved little by one stalled dispatch, and ignores impossible ones', () => {
  const model = modelOf();
  const full = model.find('full')!;
  const before = model.predictMs(full, 1, 100);

  for (const ms of [500, -1, NaN]) model.observeDispatch(ms);

  assert.ok(model.predictMs(full, 1, 100) - before < 0.3);
});

test('LatencyModel forgets an old dispatch too, so that short budgets are tried again', () => {
  const model = modelOf();
  for (let i = 0; i < 200; i += 1) model.observeDispatch(4);
  const full = model.find('full')!;

  for (let now = 1000; now <= 10_000; now += 100) model.forget(now);

  assert.ok(model.predictMs(full, 1, 100) < 1.1 + 16.5 + 0.1);
});
