import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fitOfSeveral } from '../../../src/building/fit-of-several.js';
import { cardOf } from '../../support/cards.js';
import type { FitJob, FitOutcome, StartFit } from '../../../src/building/fit-job.js';

type Found = { readonly quality: number } | Exclude<FitOutcome, { kind: 'fitted' }>;

let outputDir: string;
beforeEach(() => {
  outputDir = mkdtempSync(path.join(tmpdir(), 'fit-of-several-'));
});
afterEach(() => rmSync(outputDir, { recursive: true }));

function nothing(reason: 'parent_fits' | 'none_fits', detail: string): Found {
  return { kind: 'nothing_chosen', reason, detail, front: [], builds: 1 };
}

function jobOf(parent: string, quality: number): FitJob {
  return {
    ...{ name: 'made', parent: cardOf(parent, quality), parentModelPath: '', tokenizerPath: '' },
    ...{ outputDir, threads: 1, maxMemoryBytes: 1, tokens: 32, maxMs: 1, minAgreement: 0 },
  };
}

/** Writes what a fit of each parent leaves. */
function fake(found: Readonly<Record<string, Found>>): { startFit: StartFit; tried: string[] } {
  const tried: string[] = [];
  const startFit: StartFit = (job, onProgress) => {
    const parent = job.parent.name;
    tried.push(parent);
    const what = found[parent]!;
    onProgress({ state: 'building', share: 0.5, recipe: {}, builds: 1, maxBuilds: 12 });
    if (!('quality' in what)) return { done: Promise.resolve(what), cancel: () => undefined };
    const card = { ...cardOf(job.name, what.quality), parent };
    const modelPath = path.join(job.outputDir, card.file);
    writeFileSync(modelPath, parent);
    writeFileSync(path.join(job.outputDir, 'card.json'), '{}');
    const measurement = { profile: { a: 1, b: 0, c: 0 }, agreement: 0.5, measuredAt: '' };
    const built = { ...({ kind: 'built', card, modelPath } as const), measurement };
    const times = { buildMs: 1, gateMs: 1, peakMemoryBytes: 1 };
    const done: FitOutcome = {
      ...({ kind: 'fitted', recipe: {}, front: [], builds: 1 } as const),
      built: { ...built, ...times },
    };
    return { done: Promise.resolve(done), cancel: () => undefined };
  };
  return { startFit, tried };
}

const BOTH: readonly (readonly [string, number])[] = [
  ['full', 0.95],
  ['elastic', 0.94],
];

async function fit(found: Readonly<Record<string, Found>>, jobs = BOTH) {
  const { startFit, tried } = fake(found);
  const [first, ...others] = jobs.map(([name, quality]) => jobOf(name, quality));
  const shares: number[] = [];
  const running = fitOfSeveral(startFit, [first!, ...others], ({ share }) => shares.push(share));
  return { outcome: await running.done, tried, shares };
}

describe('fitOfSeveral', () => {
  it('keeps what has the best quality, whichever parent it is of, and nothing else', async () => {
    const { outcome, tried, shares } = await fit({
      full: { quality: 0.9 },
      elastic: { quality: 0.92 },
    });
    assert.ok(outcome.kind === 'fitted', JSON.stringify(outcome));
    assert.equal(outcome.built.card.parent, 'elastic');
    assert.equal(outcome.built.modelPath, path.join(outputDir, 'model.onnx'));
    assert.equal(readFileSync(outcome.built.modelPath, 'utf8'), 'elastic');
    assert.deepEqual(readdirSync(outputDir).sort(), ['card.json', 'model.onnx']);
    assert.deepEqual(tried, ['full', 'elastic']);
    assert.deepEqual(shares, [0.25, 0.75]);

    rmSync(path.join(outputDir, 'model.onnx'));
    rmSync(path.join(outputDir, 'card.json'));
    const other = await fit({ full: { quality: 0.92 }, elastic: { quality: 0.9 } });
    assert.ok(other.outcome.kind === 'fitted');
    assert.equal(other.outcome.built.card.parent, 'full');
  });

  it('takes what one parent gives where another gives nothing', async () => {
    const { outcome } = await fit({
      full: nothing('none_fits', 'too slow'),
      elastic: { quality: 0.8 },
    });
    assert.ok(outcome.kind === 'fitted', JSON.stringify(outcome));
    assert.equal(outcome.built.card.parent, 'elastic');
  });

  it('leaves out a parent that cannot be better than what was found', async () => {
    const { tried } = await fit({ full: { quality: 0.945 } });
    assert.deepEqual(tried, ['full']);
  });

  it('makes nothing where the first parent itself is fast enough, or the fit was cancelled', async () => {
    const fast = await fit({ full: nothing('parent_fits', 'it fits') });
    assert.ok(fast.outcome.kind === 'nothing_chosen' && fast.outcome.reason === 'parent_fits');
    assert.deepEqual(fast.tried, ['full']);
    rmSync(path.join(outputDir, 'parent-1'), { recursive: true });
    const cancelled = await fit({ full: { kind: 'cancelled' } });
    assert.equal(cancelled.outcome.kind, 'cancelled');
    assert.deepEqual(cancelled.tried, ['full']);
  });

  it('says of every parent why nothing was found', async () => {
    const { outcome } = await fit({
      full: nothing('none_fits', 'the fastest takes 3 ms'),
      elastic: nothing('none_fits', 'the fastest takes 2 ms'),
    });
    assert.ok(outcome.kind === 'nothing_chosen');
    assert.equal(outcome.detail, 'the fastest takes 3 ms; of elastic: the fastest takes 2 ms');
  });

  it('stops the fit under way when it is cancelled, and begins no other', async () => {
    let cancel: () => void = () => undefined;
    const tried: string[] = [];
    const startFit: StartFit = (job) => {
      tried.push(job.parent.name);
      const done = new Promise<FitOutcome>((resolve) => {
        cancel = () => resolve({ kind: 'cancelled' });
      });
      return { done, cancel: () => cancel() };
    };
    const jobs = [jobOf('full', 0.95), jobOf('elastic', 0.94)] as const;
    const running = fitOfSeveral(startFit, jobs, () => undefined);
    while (tried.length === 0) await new Promise(setImmediate);
    running.cancel();
    assert.equal((await running.done).kind, 'cancelled');
    assert.deepEqual(tried, ['full']);
  });

  it('is the fit of a parent that is alone', async () => {
    const { outcome } = await fit({ full: { quality: 0.9 } }, [['full', 0.95]]);
    assert.equal(outcome.kind, 'fitted');
    assert.ok(!existsSync(path.join(outputDir, 'parent-1')));
  });
});
