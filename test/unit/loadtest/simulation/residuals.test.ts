import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { seededRandom } from '../../../../loadtest/random.js';
import {
  measuredResiduals,
  syntheticResiduals,
} from '../../../../loadtest/simulation/residuals.js';
import { percentile } from '../../../../loadtest/statistics.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-residuals-'));
after(() => rmSync(folder, { recursive: true }));
const fileOf = (content: unknown): string => {
  const file = path.join(folder, `${Math.random()}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

test('synthetic residuals are log-normal around 1, with one stall in 2000 runs, and say so', () => {
  const random = seededRandom(1);
  const residuals = syntheticResiduals(0.1);
  const ratios = Array.from({ length: 100_000 }, () => residuals.draw(random));

  assert.ok(Math.abs(percentile(ratios, 50) - 1) < 0.005);
  assert.ok(Math.abs(percentile(ratios, 95) - Math.exp(0.1645)) < 0.01);
  const stalls = ratios.filter((ratio) => ratio > 2).length;
  assert.ok(stalls > 25 && stalls < 80, `${stalls} stalls`);
  assert.match(residuals.source, /^synthetic: log-normal, sigma 0.1/);
});

test('measured residuals are drawn from the file, which the source names', () => {
  const ratios = Array.from({ length: 200 }, (_, index) => 0.9 + index / 1000);
  const file = fileOf({ what: 'residuals', device: {}, ratios });
  const random = seededRandom(1);

  const residuals = measuredResiduals(file);

  const drawn = Array.from({ length: 1000 }, () => residuals.draw(random));
  assert.ok(drawn.every((one) => ratios.includes(one)));
  assert.match(residuals.source, /^measured: 200 runs of /);
});

for (const [content, message] of [
  ['{', /cannot be read as JSON: npm run loadtest -- residuals writes one/],
  [{ what: 'tiers' }, /holds no residuals/],
  [{ what: 'residuals', ratios: [1, 1] }, /fewer than 100 ratios/],
  [{ what: 'residuals', ratios: new Array(200).fill(-1) }, /holds no residuals/],
] as const) {
  test(`a file that holds ${JSON.stringify(content).slice(0, 40)} is refused`, () => {
    assert.throws(() => measuredResiduals(fileOf(content)), message);
  });
}
