import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cascadeFlags, runCascade } from '../../loadtest/cascade.js';
import { parseFlags } from '../../loadtest/flags.js';
import { calibrationOf } from '../support/cards.js';
import { GatewayProcess } from '../support/gateway-process.js';
import type { CascadeRow } from '../../loadtest/cascade/cascade-report.js';

const CHEAP = 'distilled-3l-int8';
const BEST = 'full';

interface Answer {
  variant: string;
  decision: string;
  entities: object[];
  cascade?: { outcome: string; stages: { variant: string; error_probability: number | null }[] };
}

/** Two released variants, of which the cheap one has a calibration, whatever their cards say. */
function layOutModels(folder: string): string {
  const models = path.join(folder, 'models');
  for (const name of [CHEAP, BEST]) {
    const card = JSON.parse(readFileSync(`models/${name}/card.json`, 'utf8')) as object;
    const calibration = name === CHEAP ? calibrationOf(1.3) : undefined;
    mkdirSync(path.join(models, name), { recursive: true });
    writeFileSync(path.join(models, name, 'card.json'), JSON.stringify({ ...card, calibration }));
    symlinkSync(path.resolve('models', name, 'model.onnx'), path.join(models, name, 'model.onnx'));
  }
  symlinkSync(path.resolve('models/tokenizer'), path.join(models, 'tokenizer'), 'dir');
  const manifest = { schemaVersion: 1, variants: [BEST, CHEAP] };
  writeFileSync(path.join(models, 'manifest.json'), JSON.stringify(manifest));
  return models;
}

describe('a cascade of real models', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'entier-cascade-'));
  const models = layOutModels(folder);
  let gateway: GatewayProcess;

  before(async () => {
    gateway = await GatewayProcess.start({ ENTIER_MODELS_DIR: models });
  });
  after(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  async function ask(body: object): Promise<Answer> {
    const text = 'Angela Merkel visited the BBC in London.';
    const response = await fetch(`${gateway.url}/ner`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: JSON.stringify({ text, latency_budget_ms: 60_000, ...body }),
    });
    assert.equal(response.status, 200);
    return (await response.json()) as Answer;
  }

  it('stops at the cheap variant or goes on, as the threshold says', async () => {
    const kept = await ask({ policy: 'cascade', max_error_probability: 0.5 });
    const wentOn = await ask({ policy: 'cascade', max_error_probability: 0 });
    const best = await ask({ variant: BEST });

    assert.deepEqual([kept.variant, kept.decision], [CHEAP, 'confident']);
    assert.equal(kept.cascade?.outcome, 'sufficed');
    assert.deepEqual([wentOn.variant, wentOn.decision], [BEST, 'best_fit']);
    assert.equal(wentOn.cascade?.outcome, 'improved');
    assert.deepEqual(wentOn.cascade.stages[0], kept.cascade.stages[0]);
    assert.deepEqual(wentOn.entities, best.entities);
    assert.equal(best.cascade, undefined);
  });

  it('is measured on column files by the load test', async (context) => {
    context.mock.method(console, 'log', () => undefined);
    const lines = ['Angela x I-PER', 'Merkel x I-PER', 'visited x O', 'London x I-LOC', ''];
    writeFileSync(path.join(folder, 'eng.testa'), lines.join('\n'));
    writeFileSync(path.join(folder, 'eng.testb'), lines.join('\n'));
    const pairs = ['--pairs', `${CHEAP}:${BEST}`, '--thresholds', '0,100'];
    const args = ['--data', folder, '--models', models, '--out', folder, '--rounds', '2', '--test'];

    await runCascade(parseFlags([...args, ...pairs], cascadeFlags));

    const file = readdirSync(folder).find((name) => /^cascade-.*\.json$/.test(name))!;
    const text = readFileSync(path.join(folder, file), 'utf8');
    const result = JSON.parse(text) as Record<'rows' | 'test', CascadeRow[]>;
    for (const rows of [result.rows, result.test]) {
      assert.deepEqual(
        rows.map(({ name, f1, outcomes }) => [name, f1.median, outcomes]),
        [
          [BEST, 1, {}],
          [CHEAP, 1, {}],
          [`${CHEAP} > ${BEST}`, 1, { improved: 1 }],
          [`${CHEAP} > ${BEST}`, 1, { sufficed: 1 }],
        ],
      );
    }
    assert.match(readFileSync(path.join(folder, file.replace('.json', '.svg')), 'utf8'), /<svg/);
  });
});
