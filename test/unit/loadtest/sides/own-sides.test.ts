import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { loadCorpus } from '../../../../loadtest/corpus/corpus.js';
import { startGatewaySide } from '../../../../loadtest/sides/gateway-side.js';
import { startRawLoopChild } from '../../../../loadtest/sides/raw-loop-child.js';
import { startRawLoop } from '../../../../loadtest/sides/raw-loop-side.js';
import { allGone, childrenOf } from '../../../support/child-processes.js';

const modelsDir = 'test/fixtures/models';
const [sentence] = loadCorpus();
const load = { texts: [sentence!.text], connections: 1, warmup: 0, duration: 0.3 };

describe('the sides that run our own model', () => {
  const profiles = mkdtempSync(path.join(os.tmpdir(), 'entier-sides-'));
  process.env.ENTIER_PROFILES_DIR = profiles;
  after(() => rmSync(profiles, { recursive: true }));

  it('raw-loop runs the model in processes of its own, side by side, and ends them', async () => {
    const side = await startRawLoop({ modelsDir, variant: 'tiny', sentences: 20, processes: 2 });
    const children = childrenOf(process.pid);

    const figures = await side.measure(load);
    await side.stop();
    await allGone(children);

    assert.equal(children.length, 2);
    assert.ok(figures.requests > 0 && figures.requestsPerSecond > 0);
    assert.ok(figures.latencyMs.p50 > 0 && figures.rssMiB > 20);
    assert.equal(side.recogniser, undefined);
  });

  it('a process of the raw loop runs each text once in a pass, again and again', async () => {
    const options = { modelsDir, variant: 'tiny', sentences: 20, place: 0, processes: 1 };
    const child = await startRawLoopChild(options);

    const passes = [await child.ask({ type: 'pass' }), await child.ask({ type: 'pass' })];
    const runs = await child.ask({ type: 'run', seconds: 0.2 });
    await child.stop();

    for (const { latenciesMs } of passes) {
      assert.equal(latenciesMs.length, 20);
      assert.ok(latenciesMs.every((ms) => ms > 0));
    }
    assert.ok(runs.latenciesMs.length > 0 && runs.seconds >= 0.2);
  });

  it('raw-loop says so where a process cannot load the model, and leaves none behind', async () => {
    const before = childrenOf(process.pid);
    const options = { modelsDir, variant: 'tiny', sentences: 20, processes: 2 };

    // There is no card to read, so that each process ends while it starts.
    const broken = startRawLoop({ ...options, modelsDir: path.join(profiles, 'nowhere') });
    await assert.rejects(broken, /a process of the raw loop ended with 1/);

    assert.deepEqual(childrenOf(process.pid), before);
  });

  it('entier holds the one variant, answers with entities and is gone afterwards', async () => {
    const side = await startGatewaySide({ modelsDir, variant: 'tiny-int8' });
    const children = childrenOf(process.pid);

    const figures = await side.measure(load);
    const found = await side.recogniser!.find(sentence!);
    await side.stop();
    await allGone(children);

    assert.equal(children.length, 1);
    assert.ok(Array.isArray(found));
    assert.ok(figures.requests > 0 && figures.processes > 1);
    assert.deepEqual(side.recogniser!.labels, ['PER', 'ORG', 'LOC', 'MISC']);
  });
});
