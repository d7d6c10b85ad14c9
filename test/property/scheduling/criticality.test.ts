import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Scheduler } from '../../../src/scheduling/scheduler.js';
import {
  CRITICALITIES,
  type Admission,
  type Batch,
  type Criticality,
  type Task,
} from '../../../src/scheduling/task.js';
import { referenceNames, referenceVariants } from '../../support/reference-variants.js';

const WORKERS = 2;
/** Tokens that no crowd below fills. */
const ROOMY = 100_000;

const arrival = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3, noNaN: true })),
  budgetMs: fc.double({ min: 1, max: 60, noNaN: true }),
  onMiss: fc.constantFrom('degrade' as const, 'reject' as const),
  criticality: fc.constantFrom(...CRITICALITIES),
  windowTokens: fc.array(fc.integer({ min: 2, max: 128 }), { minLength: 1, maxLength: 3 }),
  pinned: fc.boolean(),
  /** Whether a worker that is free, or done by now, takes what is next. */
  runs: fc.boolean(),
});
type Arrival = typeof arrival extends fc.Arbitrary<infer S> ? S : never;
const crowd = fc.record({
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 60, size: 'max' }),
  newcomer: arrival,
  maxQueuedTokens: fc.constantFrom<number[]>(800, 3000, ROOMY),
});
type Crowd = typeof crowd extends fc.Arbitrary<infer S> ? S : never;

interface Scene {
  readonly scheduler: Scheduler;
  /** Open tasks that still have a window in a queue. */
  readonly waiting: readonly Task[];
  readonly now: number;
  readonly newcomer: Task;
  /** Every admission and batch so far. */
  readonly transcript: readonly unknown[];
}

function taskOf({ budgetMs, onMiss, criticality, windowTokens, pinned }: Arrival, at: number) {
  const allowed = pinned ? ['full-int8'] : referenceNames;
  return { arrivalAt: at, deadlineAt: at + budgetMs, onMiss, criticality, windowTokens, allowed };
}

/** Plays the arrivals; the same crowd always makes the same scene. */
function sceneOf(
  { arrivals, newcomer, maxQueuedTokens }: Crowd,
  { criticalityOf = (each: Arrival): Criticality => each.criticality, ranked = true } = {},
): Scene {
  const scheduler = new Scheduler({
    workers: WORKERS,
    maxQueuedTokens,
    mechanisms: { criticality: ranked },
  });
  scheduler.setVariants(referenceVariants);
  const open = new Map<number, { task: Task; windows: number }>();
  const running: { batch: Batch; endsAt: number }[] = [];
  const transcript: unknown[] = [];
  let now = 0;
  arrivals.forEach((each, index) => {
    now += each.waitMs;
    for (const task of scheduler.expire(now)) open.delete(task.id);
    while (running.length > 0 && running[0]!.endsAt <= now) {
      const { batch, endsAt } = running.shift()!;
      for (const { task } of scheduler.complete(batch, batch.predictedMs, endsAt)) {
        open.delete(task.id);
      }
    }
    const task: Task = { id: index + 1, ...taskOf(each, now), criticality: criticalityOf(each) };
    const admission = scheduler.submit(task, now);
    transcript.push(outcomeOf(admission));
    if (admission.admitted) {
      open.set(task.id, { task, windows: task.windowTokens.length });
      for (const other of admission.displaced) if (!other.late) open.delete(other.task.id);
    }
    while (each.runs && running.length < WORKERS) {
      const batch = scheduler.next(now);
      if (batch === null) break;
      for (const { task: other } of batch.jobs) open.get(other.id)!.windows -= 1;
      running.push({ batch, endsAt: now + batch.predictedMs });
      running.sort((one, other) => one.endsAt - other.endsAt);
      transcript.push([batch.variant, batch.jobs.map((job) => [job.task.id, job.window])]);
    }
  });
  for (const task of scheduler.expire(now)) open.delete(task.id);
  const waiting = [...open.values()].filter(({ windows }) => windows > 0).map(({ task }) => task);
  return {
    scheduler,
    waiting,
    now,
    newcomer: { id: arrivals.length + 1, ...taskOf(newcomer, now) },
    transcript,
  };
}

function outcomeOf(admission: Admission): unknown {
  if (!admission.admitted) return admission;
  return { late: admission.late, displaced: admission.displaced.map(({ task: { id } }) => id) };
}

const isInTime = (admission: Admission): boolean => admission.admitted && !admission.late;
const rank = ({ criticality }: Task): number => CRITICALITIES.indexOf(criticality);

/** Asks the same scene for the newcomer with no right to displace, some others having left. */
function wouldFitWithout(crowdSeen: Crowd, left: readonly Task[]): boolean {
  const { scheduler, newcomer, now } = sceneOf(crowdSeen);
  for (const { id } of left) scheduler.cancel(id);
  return isInTime(scheduler.submit({ ...newcomer, criticality: 'sheddable' }, now));
}

test('a newcomer is not in time only where it would not be if all less critical work left', () => {
  fc.assert(
    fc.property(crowd, (each) => {
      const { scheduler, waiting, newcomer, now } = sceneOf(each);
      if (isInTime(scheduler.submit(newcomer, now))) return;

      const less = waiting.filter((task) => rank(task) < rank(newcomer));

      assert.equal(wouldFitWithout(each, less), false);
    }),
    { numRuns: 1500 },
  );
});

test('nobody gives way needlessly: with any one of the displaced back, the newcomer would not be in time', () => {
  let seen = 0;
  fc.assert(
    fc.property(crowd, (each) => {
      const { scheduler, newcomer, now } = sceneOf(each);
      const admission = scheduler.submit(newcomer, now);
      if (!admission.admitted || admission.late) return;
      // Who is moved may take the place of another in the late class: that one did not leave for the newcomer.
      if (each.maxQueuedTokens < ROOMY && admission.displaced.some(({ late }) => late)) return;
      const displaced = admission.displaced.map(({ task }) => task);

      seen += displaced.length;
      for (const back of displaced) {
        const others = displaced.filter((task) => task !== back);
        assert.equal(wouldFitWithout(each, others), false, `task ${back.id} left needlessly`);
      }
    }),
    { numRuns: 2500 },
  );
  assert.ok(seen > 100, `${seen} displaced in all`);
});

test('enough gives way: the newcomer is in time, and none of those who stay misses for it', () => {
  let seen = 0;
  fc.assert(
    fc.property(crowd, (each) => {
      // All at one instant: nobody who waits has become hopeless, so every deadline is one to keep.
      const arrivals = each.arrivals.map((one) => ({ ...one, waitMs: 0, runs: false }));
      const instant = { ...each, maxQueuedTokens: ROOMY, arrivals };
      const { scheduler, newcomer, now } = sceneOf(instant);
      const admission = scheduler.submit(newcomer, now);
      if (!admission.admitted || admission.late || admission.displaced.length === 0) return;

      seen += 1;
      const displaced = admission.displaced.map(({ task }) => task);
      assert.equal(wouldFitWithout(instant, displaced), true);
    }),
    { numRuns: 1500 },
  );
  assert.ok(seen > 50, `${seen} times`);
});

test('default work gives way only where all sheddable work is not enough', () => {
  let seen = 0;
  fc.assert(
    fc.property(crowd, (each) => {
      const { scheduler, waiting, newcomer, now } = sceneOf({
        ...each,
        newcomer: { ...each.newcomer, criticality: 'critical' },
      });
      const admission = scheduler.submit(newcomer, now);
      if (!admission.admitted || admission.late) return;
      if (!admission.displaced.some(({ task }) => task.criticality === 'default')) return;

      seen += 1;
      const sheddable = waiting.filter(({ criticality }) => criticality === 'sheddable');
      assert.equal(wouldFitWithout(each, sheddable), false);
    }),
    { numRuns: 1500 },
  );
  assert.ok(seen > 20, `${seen} times`);
});

test('with all work of one criticality the scheduler does what it does without criticality', () => {
  fc.assert(
    fc.property(crowd, fc.constantFrom(...CRITICALITIES), (each, criticality) => {
      const alike = sceneOf(each, { criticalityOf: () => criticality });
      const unranked = sceneOf(each, { ranked: false });

      assert.deepEqual(alike.transcript, unranked.transcript);
      assert.doesNotMatch(JSON.stringify(alike.transcript), /"displaced":\[\d/);
    }),
    { numRuns: 400 },
  );
});
