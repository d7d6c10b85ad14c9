import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { errors } from '../../../src/errors.js';
import { cascadeOver, doneBy, planOf, workOf } from '../../support/cascades.js';
import type { Work, WorkDone } from '../../../src/gateway/dispatcher.js';

const never = new AbortController().signal;

/** The first stage is done at 10 with this margin; of the second the test says what becomes of it. */
function stages(
  margin: number,
  second: (work: Work, signal: AbortSignal) => Promise<WorkDone>,
  { now = 10 } = {},
) {
  const submitted: Work[] = [];
  const cascade = cascadeOver(
    (work, signal) => {
      submitted.push(work);
      if (submitted.length > 1) return second(work, signal);
      return Promise.resolve(doneBy('tiny', margin, [8, 10]));
    },
    { now: () => now },
  );
  return { cascade, submitted };
}

const unasked = (): Promise<WorkDone> => assert.fail('there is no second stage');
const byFull = (): Promise<WorkDone> => Promise.resolve(doneBy('full', 0.5, [12, 20]));

describe('Cascade.run', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('stops at a first answer that is probably right', async () => {
    const { cascade, submitted } = stages(0.51, unasked);

    const found = await cascade.run(workOf(), planOf(0.2), never);

    assert.deepEqual(submitted[0]!.allowed, ['tiny']);
    assert.deepEqual([found.variant, found.reason, found.runMs], ['tiny', 'confident', 2]);
    assert.equal(found.cascade!.outcome, 'sufficed');
    assert.ok(Math.abs(found.cascade!.stages[0]!.errorProbability! - 0.1962) < 1e-6);
  });

  it('goes on to a better variant, with what is left of the budget', async () => {
    const { cascade, submitted } = stages(0.4, byFull);

    const found = await cascade.run(workOf({ onMiss: 'degrade' }), planOf(0.2), never);

    const { allowed, deadlineAt, arrivalAt, onMiss, heldQuality } = submitted[1]!;
    assert.deepEqual(allowed, ['full', 'half']);
    assert.deepEqual([arrivalAt, deadlineAt, onMiss], [10, 100, 'reject']);
    assert.ok(heldQuality! < 0.88, 'it is more likely wrong than most of its variant');
    assert.deepEqual([found.variant, found.reason, found.runMs], ['full', 'best_fit', 2 + 8]);
    assert.equal(found.settledAt, 20);
    assert.equal(found.cascade!.outcome, 'improved');
    assert.deepEqual(
      found.cascade!.stages.map(({ variant }) => variant),
      ['tiny', 'full'],
    );
  });

  it('never takes a first answer for certain', async () => {
    const { cascade } = stages(1, byFull);

    const found = await cascade.run(workOf(), planOf(0), never);

    assert.equal(found.cascade!.outcome, 'improved');
  });

  for (const [what, error, outcome] of [
    ['is refused', errors.budgetUnreachable(1, 1), 'no_slack'],
    ['finds the queue full', errors.overloaded(1), 'no_slack'],
    ['is dropped from the queue', errors.deadlineExceeded(1), 'no_slack'],
    ['fails', errors.inferenceFailed(), 'cut_off'],
    ['meets a bug', new Error('this is a bug'), 'cut_off'],
  ] as const) {
    it(`gives the first answer where the second stage ${what}`, async () => {
      const { cascade } = stages(0.4, () => Promise.reject(error));

      const found = await cascade.run(workOf(), planOf(0.2), never);

      assert.deepEqual([found.variant, found.reason], ['tiny', 'degraded']);
      assert.equal(found.cascade!.outcome, outcome);
      assert.equal(found.cascade!.stages.length, 1);
    });
  }

  it('gives the first answer where the second stage is refused by a throw', async () => {
    const { cascade } = stages(0.4, () => {
      throw errors.overloaded(1);
    });

    const found = await cascade.run(workOf(), planOf(0.2), never);

    assert.equal(found.cascade!.outcome, 'no_slack');
  });

  it('gives the first answer just before the deadline where the second stage takes longer', async () => {
    const { cascade } = stages(0.4, () => new Promise(() => undefined));
    let answered = false;
    const running = cascade.run(workOf(), planOf(0.2), never).finally(() => (answered = true));

    await Promise.resolve();
    await Promise.resolve();
    mock.timers.tick(88);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    mock.timers.tick(1);

    const found = await running;
    assert.deepEqual([found.variant, found.cascade!.outcome], ['tiny', 'cut_off']);
  });

  it('asks for no second stage where the deadline has come', async () => {
    const { cascade } = stages(0.4, unasked, { now: 99.5 });

    const found = await cascade.run(workOf(), planOf(0.2), never);

    assert.deepEqual([found.reason, found.cascade!.outcome], ['degraded', 'no_slack']);
  });

  it('says that nothing could make the budget where its first stage was late', async () => {
    const cascade = cascadeOver(() =>
      Promise.resolve({ ...doneBy('tiny', 0.9, [0, 1]), reason: 'fastest_available' as const }),
    );

    assert.equal((await cascade.run(workOf(), planOf(0.2), never)).reason, 'fastest_available');
  });

  it('rejects with what the first stage rejects with', async () => {
    const cascade = cascadeOver(() => Promise.reject(errors.inferenceFailed()));

    await assert.rejects(cascade.run(workOf(), planOf(0.2), never), { code: 'inference_failed' });
  });

  it('ends when the caller is gone, also in its second stage', async () => {
    const caller = new AbortController();
    const { cascade } = stages(0.4, () => {
      caller.abort(new Error('hung up'));
      return Promise.reject(caller.signal.reason as Error);
    });

    await assert.rejects(cascade.run(workOf(), planOf(0.2), caller.signal), /hung up/);
  });
});

describe('Cascade.fits', () => {
  const predictMs = ({ allowed }: Work): number => (allowed[0] === 'tiny' ? 4 : 30);
  const fits = (deadlineAt: number): boolean =>
    cascadeOver(unasked, { now: () => 10, predictMs }).fits(
      workOf({ deadlineAt }),
      planOf(0.2).pair,
    );

  it('wants time for both stages, one after the other', () => {
    assert.equal(fits(44), true);
    assert.equal(fits(43), false);
    assert.equal(fits(13), false);
  });
});
