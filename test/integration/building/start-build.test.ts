/** Real builders and real gates over the fixture's random model. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BuildJob, BuildOutcome, BuildProgress } from '../../../src/building/build-job.js';
import { GateWorker } from '../../../src/building/gate-worker.js';
import { measureVariant } from '../../../src/building/measure-variant.js';
import { startBuild } from '../../../src/building/start-build.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';
import { cardSchema, type Card } from '../../../src/registry/card.js';
import { changedParent, tinyCard, tinyJob } from '../../support/build-jobs.js';
import { allGone, childrenOf } from '../../support/child-processes.js';
import { changedModel } from '../../support/onnx-models.js';

const WORKER_HOST = path.join(import.meta.dirname, '../../../src/runtime/worker-host.js');
const CHILD_PROCESSES = path.join(import.meta.dirname, '../../support/child-processes.js');
const START_BUILD = path.join(import.meta.dirname, '../../../src/building/start-build.js');

function build(job: BuildJob): Promise<BuildOutcome> {
  return startBuild(job, () => undefined).done;
}

/** Undefined if it has ended. */
function priorityOf(pid: number): number | undefined {
  try {
    return getPriority(pid);
  } catch {
    return undefined;
  }
}

function floats(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer);
}

describe('startBuild', { timeout: 600_000 }, () => {
  it('builds, gates and describes a variant, and leaves no process', async () => {
    using test = tinyJob({ recipe: { precision: 'int8', ffn: 0.5 } });
    const before = childrenOf(process.pid);
    const seen: BuildProgress[] = [];
    const outcome = await startBuild(test.job, (progress) => seen.push(progress)).done;

    assert.ok(outcome.kind === 'built', JSON.stringify(outcome));
    const { card, modelPath } = outcome;
    assert.deepEqual(readdirSync(test.job.outputDir).sort(), ['card.json', 'model.onnx']);
    const model = readFileSync(modelPath);
    assert.equal(createHash('sha256').update(model).digest('hex'), card.sha256);
    assert.equal(model.length, card.sizeBytes);
    const written: unknown = JSON.parse(
      readFileSync(path.join(test.job.outputDir, 'card.json'), 'utf8'),
    );
    assert.deepEqual(cardSchema.parse(written), card);
    assert.equal(card.parent, 'tiny');
    assert.equal(card.recipe.ffn, 0.5);
    assert.ok(card.parameters < tinyCard.parameters);
    assert.deepEqual(card.providers, ['cpu']);
    const { agreement } = outcome.measurement;
    const { quality } = card;
    assert.ok(Math.abs(quality!.value - tinyCard.quality!.value * agreement) < 1e-5);
    assert.equal(quality?.source, 'estimated');
    assert.equal(card.calibration, undefined);
    assert.deepEqual(card.provenance.parent, { name: 'tiny', sha256: tinyCard.sha256 });
    assert.ok(outcome.peakMemoryBytes > 0);
    assert.ok(outcome.buildMs > 0 && outcome.gateMs > 0);

    assert.deepEqual([...new Set(seen.map(({ state }) => state))], ['building', 'gating']);
    for (const [i, { share }] of seen.entries()) assert.ok(share >= (seen[i - 1]?.share ?? 0));
    assert.equal(seen.at(-1)?.share, 1);
    assert.deepEqual(childrenOf(process.pid), before);
  });

  it("writes the new variant's own answers on its card", async () => {
    using test = tinyJob({ recipe: { layers: [1] } });
    const outcome = await build(test.job);
    assert.ok(outcome.kind === 'built', JSON.stringify(outcome));
    const { card, modelPath } = outcome;
    assert.ok(outcome.measurement.agreement < 1, 'a cut random model answers otherwise');
    assert.notDeepEqual(card.reference, tinyCard.reference);

    const tokenizer = TextTokenizer.fromFile(test.job.tokenizerPath);
    const worker = new GateWorker(WORKER_HOST, () => undefined);
    const { name, labels, sha256 } = card;
    const { padId } = tokenizer;
    const labelCount = labels.length;
    await worker.load({
      ...{ name, sha256, labelCount, padId },
      path: modelPath,
      providers: ['cpu'],
      threads: 1,
    });
    const { agreement } = await measureVariant(card, {
      run: (input) => worker.run(input),
      tokenizer,
      now: () => performance.now(),
    });
    await worker.close();
    assert.equal(agreement, 1);
  });

  it('runs the builder and its gate with low priority', async () => {
    using test = tinyJob();
    const priorities = new Set<number>();
    const before = childrenOf(process.pid);
    const running = startBuild(test.job, () => {
      for (const builder of childrenOf(process.pid).filter((pid) => !before.includes(pid))) {
        for (const pid of [builder, ...childrenOf(builder)]) {
          const priority = priorityOf(pid);
          if (priority !== undefined) priorities.add(priority);
        }
      }
    });
    const outcome = await running.done;

    assert.equal(outcome.kind, 'built');
    assert.deepEqual([...priorities], [19]);
  });

  it('fails the gate with the figure where the answers differ too much', async () => {
    using test = tinyJob({ recipe: { layers: [1] }, minAgreement: 0.999 });
    const outcome = await build(test.job);

    assert.ok(outcome.kind === 'gate_failed', JSON.stringify(outcome));
    assert.ok(outcome.agreement !== undefined && outcome.agreement < 0.999);
    assert.match(outcome.detail, /below the floor of 0.999/);
    assert.ok(!existsSync(path.join(test.job.outputDir, 'card.json')));
  });

  it('fails the gate where logits are not finite', async () => {
    using test = tinyJob();
    const bytes = changedModel((model) => {
      const norm = model.graph!.initializer.find(
        ({ dims, dataType }) => dims.length === 1 && dataType === 1,
      )!;
      norm.rawData = floats(new Float32Array(Number(norm.dims[0])).fill(NaN));
    });
    const parent = changedParent(test.job.outputDir, bytes);
    const outcome = await build({ ...test.job, ...parent, recipe: { precision: 'fp32' } });

    assert.ok(outcome.kind === 'gate_failed', JSON.stringify(outcome));
    assert.match(outcome.detail, /not finite/);
  });

  it('fails the gate where the output has another shape', async () => {
    using test = tinyJob({ parent: { ...tinyCard, labels: [...tinyCard.labels, 'B-NEW'] } });
    const outcome = await build(test.job);

    assert.ok(outcome.kind === 'gate_failed', JSON.stringify(outcome));
    assert.match(
      outcome.detail,
      /its output "logits" is float32 \[1, \d+, 9\], not float32 .* with 10 labels/,
    );
  });

  it('fails the gate where the model does not load', async () => {
    using test = tinyJob();
    const bytes = changedModel((model) => {
      model.graph!.node.find(({ opType }) => opType === 'LayerNormalization')!.input.length = 1;
    });
    const outcome = await build({
      ...test.job,
      ...changedParent(test.job.outputDir, bytes),
      recipe: { precision: 'fp32' },
    });

    assert.ok(outcome.kind === 'gate_failed', JSON.stringify(outcome));
    assert.match(outcome.detail, /it does not load/);
  });

  it('refuses a parent whose file is not the one of its card', async () => {
    using test = tinyJob();
    const bytes = changedModel((model) => (model.producerName = 'somebody'));
    const { parentModelPath } = changedParent(test.job.outputDir, bytes);
    const outcome = await build({ ...test.job, parentModelPath });

    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.equal(outcome.code, 'invalid_model');
    assert.match(outcome.detail, /not the one that its card describes/);
    assert.ok(!existsSync(path.join(test.job.outputDir, 'model.onnx')));
  });

  it('refuses what is no model, and a parent that is gone', async () => {
    using test = tinyJob();
    const damaged = changedParent(test.job.outputDir, Buffer.from('no model at all'));
    const refused = await build({ ...test.job, ...damaged });
    assert.ok(refused.kind === 'failed' && refused.code === 'invalid_model', refused.kind);

    const gone = await build({ ...test.job, parentModelPath: '/nowhere/model.onnx' });
    assert.ok(gone.kind === 'failed' && gone.code === 'internal', gone.kind);
    assert.ok(!gone.detail.includes('/nowhere'), gone.detail);
  });

  it("keeps the units that an elastic parent's card puts first", async () => {
    const elastic = { heads: 'stored', ffn: 'stored' } as const;
    const sums = new Set<string>();
    for (const parent of [tinyCard, { ...tinyCard, elastic }]) {
      using test = tinyJob({ parent, recipe: { ffn: 0.5 } });
      const outcome = await build(test.job);
      assert.ok(outcome.kind === 'built', JSON.stringify(outcome));
      assert.deepEqual(outcome.card.elastic, parent.elastic);
      sums.add(outcome.card.sha256);
    }
    assert.equal(sums.size, 2, 'by norms other units stay');

    const wrong = { heads: 'stored', ffn: [[0], [0]] } satisfies Card['elastic'];
    using test = tinyJob({ parent: { ...tinyCard, elastic: wrong }, recipe: { ffn: 0.5 } });
    const outcome = await build(test.job);
    assert.ok(outcome.kind === 'failed' && outcome.code === 'invalid_recipe', outcome.kind);
    assert.match(outcome.detail, /the order of layer 0 does not name each of its/);
  });

  it('names each wrong field of a recipe', async () => {
    using test = tinyJob({ recipe: { layers: [0, 7], weightBits: 7 } });
    const outcome = await build(test.job);

    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.equal(outcome.code, 'invalid_recipe');
    assert.deepEqual(
      outcome.issues?.map(({ pointer }) => pointer),
      ['/weightBits', '/layers/1'],
    );
  });

  it(
    'says so where the disk is full, and leaves no part of a model',
    {
      skip: existsSync('/dev/full') ? false : 'this system has no /dev/full',
    },
    async () => {
      using test = tinyJob();
      symlinkSync('/dev/full', path.join(test.job.outputDir, 'model.onnx.part'));
      const outcome = await build(test.job);

      assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
      assert.equal(outcome.code, 'storage_full');
      assert.deepEqual(readdirSync(test.job.outputDir), []);
    },
  );

  it(
    'kills a builder that takes more memory than it may',
    {
      skip: existsSync('/proc/self/status') ? false : 'this system does not tell memory',
    },
    async () => {
      using test = tinyJob({ maxMemoryBytes: 20e6 });
      const outcome = await build(test.job);

      assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
      assert.equal(outcome.code, 'killed');
      assert.match(outcome.detail, /MB of memory, and 20 MB are allowed/);
    },
  );

  it('tells that a builder was killed by somebody else', async () => {
    using test = tinyJob();
    const before = childrenOf(process.pid);
    let killed: number[] = [];
    const outcome = await startBuild(test.job, () => {
      if (killed.length > 0) return;
      const [builder] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
      killed = [builder!, ...childrenOf(builder!)];
      process.kill(builder!, 'SIGKILL');
    }).done;

    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.equal(outcome.code, 'killed');
    assert.match(outcome.detail, /SIGKILL/);
    assert.equal(killed.length, 2);
    await allGone(killed);
  });

  it('ends its processes when cancelled, at once or while it gates', async () => {
    using test = tinyJob();
    const before = childrenOf(process.pid);
    const early = startBuild(test.job, () => undefined);
    early.cancel();
    assert.deepEqual(await early.done, { kind: 'cancelled' });

    let pids: number[] = [];
    const late = startBuild(test.job, ({ state }) => {
      if (state !== 'gating' || pids.length > 0) return;
      const [builder] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
      pids = [builder!, ...childrenOf(builder!)];
      late.cancel();
    });
    assert.deepEqual(await late.done, { kind: 'cancelled' });
    assert.equal(pids.length, 2);
    await allGone(pids);
    late.cancel();
  });

  it('does not outlive the process that asked for it', async () => {
    using test = tinyJob();
    // Stopped, the builder cannot be done before its owner is gone.
    const script = `
      const { startBuild } = await import(${JSON.stringify(pathToFileURL(START_BUILD).href)});
      const { childrenOf } = await import(${JSON.stringify(pathToFileURL(CHILD_PROCESSES).href)});
      let told = false;
      startBuild(${JSON.stringify(test.job)}, () => {
        if (told) return;
        told = true;
        const [builder] = childrenOf(process.pid);
        process.kill(builder, 'SIGSTOP');
        console.log(JSON.stringify([builder, ...childrenOf(builder)]));
      });
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    process.kill(pids[0]!, 'SIGCONT');

    await allGone(pids);
    assert.equal(pids.length, 2);
  });
});
