import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import fc from 'fast-check';
import { errors } from '../../../src/errors.js';
import { cascadeOver, doneBy, planOf, workOf } from '../../support/cascades.js';
import type { Work, WorkDone } from '../../../src/gateway/dispatcher.js';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const scenario = fc.record({
  margin: fc.double({ min: 0, max: 1, noNaN: true }),
  maxErrorProbability: fc.double({ min: 0, max: 1, noNaN: true }),
  budgetMs: fc.integer({ min: 1, max: 200 }),
  firstMs: fc.integer({ min: 1, max: 250 }),
  secondMs: fc.integer({ min: 0, max: 400 }),
  second: fc.constantFrom('full', 'half', 'fails', 'expires', 'hangs'),
});

test('whatever becomes of the second stage, an allowed variant answers, no later than the first or the deadline', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (drawn) => {
      let now = 0;
      const events: { at: number; happen: () => void }[] = [];
      const at = (time: number, happen: () => void): void => void events.push({ at: time, happen });
      const submit = (work: Work): Promise<WorkDone> =>
        new Promise((resolve, reject) => {
          const ms = work.allowed.length === 1 ? drawn.firstMs : drawn.secondMs;
          const startedAt = now;
          if (work.allowed.length === 1) {
            at(now + ms, () => resolve(doneBy('tiny', drawn.margin, [startedAt, now])));
          } else if (drawn.second === 'fails') at(now + ms, () => reject(errors.inferenceFailed()));
          else if (drawn.second === 'expires') {
            at(now + ms, () => reject(errors.deadlineExceeded(1)));
          } else if (drawn.second !== 'hangs') {
            at(now + ms, () => resolve(doneBy(drawn.second, 0.9, [startedAt, now])));
          }
        });
      const cascade = cascadeOver(submit, { now: () => now });
      const work = workOf({ deadlineAt: drawn.budgetMs });
      let answer: { readonly at: number } | undefined;
      const isOpen = (): boolean => answer === undefined;
      const running = cascade
        .run(work, planOf(drawn.maxErrorProbability), new AbortController().signal)
        .finally(() => (answer = { at: now }));

      for (; isOpen(); now += 1) {
        assert.ok(now < 1000, 'it never answers');
        for (const { at: time, happen } of events) if (time === now) happen();
        await new Promise((resolve) => setImmediate(resolve));
        if (isOpen()) mock.timers.tick(1);
      }

      const found = await running;
      assert.ok(work.allowed.includes(found.variant));
      const answeredAt = answer?.at ?? Infinity;
      const latest = Math.max(drawn.firstMs, drawn.budgetMs);
      assert.ok(answeredAt <= latest, `at ${answeredAt}, not by ${latest}`);
      const { outcome, stages } = found.cascade!;
      assert.equal(stages.at(-1)!.variant, found.variant);
      assert.equal(outcome === 'improved', found.variant !== 'tiny');
      const sure = stages[0]!.errorProbability! <= drawn.maxErrorProbability;
      assert.equal(outcome === 'sufficed', sure);
    }),
    { numRuns: 150 },
  );
});
