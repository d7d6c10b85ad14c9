import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { GatewayError } from '../../../src/errors.js';
import { BuildQueue } from '../../../src/gateway/build-queue.js';
import { BuiltFiles } from '../../../src/gateway/built-files.js';
import { ModelAdder } from '../../../src/gateway/model-adder.js';
import { VariantMaker } from '../../../src/gateway/make-variant.js';
import { VariantAdmin } from '../../../src/gateway/variant-admin.js';
import { BUILT_BY } from '../../../src/registry/built-variants.js';
import { LockedError } from '../../../src/registry/folder-lock.js';
import { FolderError } from '../../../src/registry/folder-error.js';
import { ModelsError } from '../../../src/registry/read-models.js';
import { VariantRegistry } from '../../../src/registry/variant-registry.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { cardOf } from '../../support/cards.js';
import { experimentOn, RosterWorld } from '../../support/roster-world.js';
import type { BuildOutcome } from '../../../src/building/build-job.js';
import type { Card } from '../../../src/registry/card.js';

const WHOLE = { ...cardOf('whole', 0.9), labels: ['O', 'B-DRUG', 'I-DRUG'] };
const ELASTIC = { heads: 'stored', ffn: 'stored' } as const;
const PROFILE = { a: 1, b: 0, c: 0 };
const RECIPE = { precision: 'int8' };
const WANTED = { recipe: RECIPE, name: undefined, keep: false, activate: true };
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

interface Given {
  readonly arms?: readonly string[];
  /** What a build becomes; undefined: it goes on until it is cancelled. */
  readonly outcome?: BuildOutcome;
}

/** `full` and what a build made of it serve; `whole`, of another family, is what the manifest retires. */
function adminOf({ arms = [], outcome }: Given = {}) {
  const fitted: string[] = [];
  const world = new RosterWorld();
  const { registry, roster } = world;
  world.serve('made', 100, { builtBy: BUILT_BY });
  world.experiments = arms.map((variant) => experimentOn(variant));
  registry.add('whole', WHOLE, 'models/whole/model.onnx');
  registry.retire('whole', 'The manifest lists it as retired.');
  const files = new BuiltFiles();
  const forgotten: string[] = [];
  const unending = () => {
    let cancel = (): void => undefined;
    const done = new Promise<BuildOutcome>((resolve) => {
      cancel = () => resolve({ kind: 'cancelled' });
      if (outcome !== undefined) resolve(outcome);
    });
    return { done, cancel: () => cancel() };
  };
  const folder = {
    keep: () => Promise.reject(new Error('nothing is kept here')),
    forget: (name: string) => {
      forgotten.push(name);
      return Promise.resolve();
    },
  };
  const opened: string[] = [];
  const openFamily = ({ name }: Card) => {
    opened.push(`${name} ${registry.get(name)?.state}`);
    return Promise.resolve();
  };
  const now = () => 0;
  const maker = new VariantMaker({
    ...{ registry, roster, files, folder, modelsDir: 'models', openFamily, now },
    pool: { prepare: () => undefined, unprepare: () => Promise.resolve() },
    turn: () => Promise.resolve(),
    startBuild: unending,
    startFit: ({ parent }) => {
      fitted.push(parent.name);
      const detail = `none of ${parent.name} fits`;
      const reason = 'none_fits';
      return {
        done: Promise.resolve({ kind: 'nothing_chosen', reason, detail, front: [], builds: 1 }),
        cancel: () => undefined,
      };
    },
  });
  const adder = new ModelAdder({
    ...{ registry, roster, modelsDir: 'models' },
    openFamily,
    startAddModel: () => assert.fail('no model is added here'),
  });
  const admin = new VariantAdmin({
    ...{ registry, roster, maker, adder, files, folder, now },
    queue: new BuildQueue({
      logger: pino({ level: 'silent' }),
      metrics: createMetrics({ ofProcess: false }),
    }),
    config: { gate: { minAgreementOfPrecision: 0.97, minAgreementOfCuts: 0.8 } },
    threads: () => 1,
    tokenizerPathOf: () => 'models/tokenizer/tokenizer.json',
  });
  return { registry, admin, forgotten, opened, fitted };
}

describe('ModelAdder', () => {
  const PATH = '/srv/secret/models';

  async function refusalOf(cause: Error): Promise<{ code: string; message: string }> {
    const registry = new VariantRegistry();
    const adder = new ModelAdder({
      ...{ registry, modelsDir: PATH, roster: undefined as never },
      openFamily: () => Promise.resolve(),
      startAddModel: () => ({ done: Promise.reject(cause), cancel: () => undefined }),
    });
    try {
      await adder.add({ directory: 'incoming/brought', name: undefined });
    } catch (error) {
      assert.equal(registry.get('brought'), undefined, 'its name is free again');
      assert.ok(error instanceof GatewayError, String(error));
      return { code: error.code, message: error.message };
    }
    assert.fail('it was added');
  }

  it('says what is wrong with a models folder that cannot be changed, and not where it is', async () => {
    const unreadable = new ModelsError(`${PATH}/manifest.json is wrong`, {
      detail: 'manifest.json is wrong',
    });
    const closed = 'the models folder cannot be written (EROFS); mount it for writing';
    for (const [cause, code, said] of [
      [unreadable, 'conflict', /manifest\.json is wrong/],
      [new LockedError('another process (12 host) is changing it'), 'conflict', /^Another process/],
      [new FolderError('not_writable', closed), 'conflict', /^The models folder .*EROFS/],
      [new FolderError('storage_full', 'no room'), 'storage_full', /room/],
    ] as const) {
      const refusal = await refusalOf(cause);
      assert.equal(refusal.code, code);
      assert.match(refusal.message, said);
      assert.doesNotMatch(refusal.message, /secret/);
    }
  });

  it('takes no model of the name by which requests ask for routing', async () => {
    const { admin } = adminOf();
    const reserved = {
      code: 'validation_failed',
      message: /"auto" is how requests ask for routing/,
    };
    await assert.rejects(admin.addModel({ directory: 'incoming/auto', name: undefined }), reserved);
    assert.throws(() => admin.requestBuild({ ...WANTED, parent: 'full', name: 'auto' }), reserved);
    await admin.close();
  });
});

describe('VariantAdmin', () => {
  it('brings a variant back that is asked for while it goes, once it is gone', async () => {
    const { registry, admin } = adminOf();
    await Promise.all([admin.retire('made'), admin.activate('made'), admin.activate('made')]);
    assert.equal(registry.get('made')?.state, 'active');
    await Promise.all([admin.activate('made'), admin.retire('made'), admin.retire('made')]);
    assert.equal(registry.get('made')?.state, 'retired');
  });

  it('keeps what something is being made of', async () => {
    const { registry, admin, forgotten } = adminOf();
    const { id, name } = admin.requestBuild({ ...WANTED, parent: 'made' });
    assert.equal(name, 'made-int8');
    await assert.rejects(admin.remove('made'), { code: 'conflict' });
    assert.equal(registry.get('made')?.state, 'active');
    await soon();
    admin.cancelBuild(id);
    await admin.ended(id);
    assert.equal(registry.get('made-int8'), undefined, 'its name is free again');
    await admin.remove('made');
    assert.deepEqual(forgotten, ['made']);
    assert.equal(registry.get('made'), undefined);
    await admin.close();
  });

  it('cancels a build whenever it is asked to, also while its folder is being made', async () => {
    const { registry, admin } = adminOf();
    const { id, name } = admin.requestBuild({ ...WANTED, parent: 'full' });
    while (registry.get(name!)?.state === 'requested') await Promise.resolve();
    admin.cancelBuild(id);
    while (admin.build(id).state !== 'cancelled') await soon();
    assert.equal(registry.get(name!), undefined);
    await admin.close();
  });

  it('gives a second build of one recipe a name of its own', async () => {
    const { registry, admin } = adminOf();
    const names = [1, 2].map(() => admin.requestBuild({ ...WANTED, parent: 'full' }).name);
    assert.deepEqual(names, ['full-int8', 'full-int8-2']);
    assert.deepEqual(
      names.map((name) => registry.get(name)?.state),
      ['requested', 'requested'],
    );
    await admin.close();
    assert.ok(names.every((name) => registry.get(name) === undefined));
  });

  it('retires no arm of an experiment, and removes nothing that no build made', async () => {
    const { admin } = adminOf({ arms: ['made'] });
    await assert.rejects(admin.retire('made'), { code: 'conflict' });
    await assert.rejects(admin.remove('full'), { code: 'conflict' });
    await assert.rejects(admin.activate('nobody'), { code: 'not_found' });
  });

  it('never loads what the manifest retires, but makes others of it, also of another family', async () => {
    const card = { ...WHOLE, name: 'whole-int8', parent: 'whole' };
    const built = {
      ...({ kind: 'built', card, modelPath: 'built/model.onnx' } as const),
      ...{ buildMs: 1, gateMs: 1, peakMemoryBytes: 1 },
      measurement: { profile: PROFILE, agreement: 1, measuredAt: '2026-01-01T00:00:00Z' },
    };
    const { registry, admin, opened } = adminOf({ outcome: built });
    await assert.rejects(admin.activate('whole'), {
      code: 'conflict',
      message: /make others of it, or take it out of `retired`/,
    });
    assert.equal(registry.get('whole')?.state, 'retired');
    assert.deepEqual(opened, []);

    const { id, name = '' } = admin.requestBuild({ ...WANTED, parent: 'whole' });
    await admin.ended(id);
    assert.equal(admin.build(id).state, 'active', JSON.stringify(admin.build(id).error));
    assert.deepEqual(
      opened,
      [`${name} gated`],
      'what its family needs is there before it is loaded',
    );
    assert.equal(registry.get(name)?.state, 'active');
    assert.equal(registry.get('whole')?.state, 'retired');
    await admin.close();
  });

  it('fits the best variant in floats and those trained to be cut, where no parent is named', async () => {
    const { registry, admin, fitted } = adminOf();
    const elastic = { ...cardOf('elastic', 0.89), elastic: ELASTIC };
    registry.add('elastic', elastic, 'elastic/model.onnx');
    registry.retire('elastic', 'The manifest lists it as retired.');
    const unknown = { ...elastic, name: 'unknown', quality: null };
    registry.add('unknown', unknown, 'unknown/model.onnx');
    registry.retire('unknown', 'The manifest lists it as retired.');
    const goal = { tokens: 32, maxMs: 1, minAgreement: 0.5, name: undefined };
    const how = { keep: false, activate: true };

    const any = admin.requestFit({ ...goal, ...how, parent: undefined });
    assert.equal(any.parent, 'full');
    const ended = await admin.ended(any.id);
    assert.deepEqual(fitted, ['full', 'elastic']);
    assert.match(ended.error?.detail ?? '', /none of full fits; of elastic: none of elastic fits/);

    const named = admin.requestFit({ ...goal, ...how, parent: 'whole' });
    await admin.ended(named.id);
    assert.deepEqual(fitted.slice(2), ['whole']);
    await admin.close();
  });
});
