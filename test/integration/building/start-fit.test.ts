/** Fits over the fixture's random model, whose cuts answer otherwise: only goals that do not need them can be met. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { FitJob, FitOutcome, FitProgress } from '../../../src/building/fit-job.js';
import { startFit } from '../../../src/building/start-fit.js';
import { tinyCard, tinyJob } from '../../support/build-jobs.js';
import { allGone, childrenOf } from '../../support/child-processes.js';

interface Goal {
  readonly maxMs: number;
  readonly minAgreement: number;
  readonly parentMs?: number;
}

function fit(job: FitJob): Promise<FitOutcome> {
  return startFit(job, () => undefined).done;
}

function jobOf(base: ReturnType<typeof tinyJob>['job'], goal: Goal): FitJob {
  return { ...base, tokens: 32, ...goal };
}

describe('startFit', { timeout: 600_000 }, () => {
  it('leaves the build that agrees most among those that fit, and nothing else', async () => {
    using test = tinyJob();
    // As if the parent were slow: any time that this host takes is fast enough.
    const goal = { maxMs: 1e4, minAgreement: 0, parentMs: 2e4 };
    const seen: FitProgress[] = [];
    const outcome = await startFit(jobOf(test.job, goal), (progress) => seen.push(progress)).done;

    assert.ok(outcome.kind === 'fitted', JSON.stringify(outcome));
    const { built, front, recipe } = outcome;
    const best = Math.max(...front.slice(0, -1).map(({ agreement }) => agreement));
    assert.equal(built.measurement.agreement, best);
    assert.deepEqual(front.find(({ agreement }) => agreement === best)?.recipe, recipe);
    assert.deepEqual(front.at(-1)?.recipe, {}, 'the parent agrees with itself');
    assert.deepEqual(readdirSync(test.job.outputDir).sort(), ['card.json', 'model.onnx']);
    assert.equal(built.modelPath, path.join(test.job.outputDir, 'model.onnx'));
    const card = JSON.parse(readFileSync(path.join(test.job.outputDir, 'card.json'), 'utf8')) as {
      name: string;
    };
    assert.equal(card.name, 'tiny-made');
    assert.equal(outcome.builds, 2);
    for (const [i, { share }] of seen.entries()) assert.ok(share >= (seen[i - 1]?.share ?? 0));
    assert.ok(seen.every(({ builds, maxBuilds }) => builds <= maxBuilds));
  });

  it('says so where the parent is fast enough, by measuring it where its time is not known', async () => {
    using test = tinyJob();
    const outcome = await fit(jobOf(test.job, { maxMs: 1e4, minAgreement: 0.97 }));

    assert.ok(outcome.kind === 'nothing_chosen', JSON.stringify(outcome));
    assert.equal(outcome.reason, 'parent_fits');
    assert.equal(outcome.builds, 1);
    assert.equal(outcome.front[0]?.agreement, 1);
    assert.deepEqual(readdirSync(test.job.outputDir), []);
  });

  it('shows the front and the reason where nothing fits', async () => {
    using test = tinyJob();
    const goal = { maxMs: 1e-6, minAgreement: 0, parentMs: 5 };
    const outcome = await fit(jobOf(test.job, goal));

    assert.ok(outcome.kind === 'nothing_chosen', JSON.stringify(outcome));
    assert.equal(outcome.reason, 'none_fits');
    assert.match(outcome.detail, /the fastest of \d+ recipes takes .* ms for 32 tokens here/);
    assert.ok(outcome.front.length > 0);
    assert.ok(outcome.builds <= 12);
    assert.deepEqual(readdirSync(test.job.outputDir), []);
  });

  it('ends its processes when cancelled', async () => {
    using test = tinyJob();
    const before = childrenOf(process.pid);
    let pids: number[] = [];
    const goal = { maxMs: 1e-6, minAgreement: 0, parentMs: 5 };
    const running = startFit(jobOf(test.job, goal), () => {
      if (pids.length > 0) return;
      pids = childrenOf(process.pid).filter((pid) => !before.includes(pid));
      running.cancel();
    });
    assert.deepEqual(await running.done, { kind: 'cancelled' });
    assert.equal(pids.length, 1);
    await allGone(pids);
  });

  it('ends with the reason where a builder may not have the memory it needs', async () => {
    using test = tinyJob({ maxMemoryBytes: 20e6 });
    const goal = { maxMs: 1, minAgreement: 0.9, parentMs: 5 };
    const outcome = await fit(jobOf(test.job, goal));

    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.equal(outcome.code, 'killed');
  });

  it('fails where the parent is not what its card says', async () => {
    using test = tinyJob({ parent: { ...tinyCard, sha256: '0'.repeat(64) } });
    const outcome = await fit(jobOf(test.job, { maxMs: 1, minAgreement: 0.9 }));

    assert.ok(
      outcome.kind === 'failed' && outcome.code === 'invalid_model',
      JSON.stringify(outcome),
    );
  });
});
