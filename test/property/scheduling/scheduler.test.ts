import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Scheduler } from '../../../src/scheduling/scheduler.js';
import {
  CRITICALITIES,
  type Accepted,
  type Batch,
  type Task,
} from '../../../src/scheduling/task.js';
import { referenceNames, referenceVariants } from '../../support/reference-variants.js';

const WORKERS = 2;
const MAX_BATCH_TOKENS = 600;
const MAX_QUEUED_TOKENS = 6000;

const submit = fc.record({
  kind: fc.constant('submit' as const),
  budgetMs: fc.double({ min: 0.1, max: 300, noNaN: true }),
  allowed: fc.subarray(referenceNames, { minLength: 1 }),
  purpose: fc.oneof(
    fc.record({ onMiss: fc.constantFrom('degrade' as const, 'reject' as const) }),
    fc.record({
      onMiss: fc.constant('reject' as const),
      heldQuality: fc.double({ min: 0.85, max: 0.94, noNaN: true }),
    }),
  ),
  criticality: fc.constantFrom(...CRITICALITIES),
  windowTokens: fc.array(fc.integer({ min: 2, max: 128 }), { minLength: 1, maxLength: 5 }),
});
const act = fc.record({
  kind: fc.constantFrom('cancel', 'next', 'next', 'complete', 'complete', 'fail', 'expire'),
  pick: fc.nat(50),
  ratio: fc.double({ min: 0.5, max: 5, noNaN: true }),
});
const step = fc.record({
  waitMs: fc.double({ min: 0, max: 30, noNaN: true }),
  operation: fc.oneof(submit, act),
});

/** What a careful caller knows, checked against the scheduler after every operation. */
class Ledger {
  readonly scheduler = new Scheduler({
    workers: WORKERS,
    maxQueuedTokens: MAX_QUEUED_TOKENS,
    maxBatchTokens: MAX_BATCH_TOKENS,
  });
  readonly running: Batch[] = [];
  readonly open = new Map<number, Task>();
  readonly boundTo = new Map<number, string>();
  readonly started = new Map<number, Map<number, number>>();
  /** Windows of each open task that wait. */
  readonly waiting = new Map<number, Set<number>>();
  /** Open tasks that were moved to the late class for a more critical one. */
  readonly delayed = new Set<number>();
  #now = 0;
  #lastId = 0;

  constructor() {
    this.scheduler.setVariants(referenceVariants);
  }

  apply({ waitMs, operation }: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
    this.#now += waitMs;
    switch (operation.kind) {
      case 'submit':
        this.#submit(operation);
        break;
      case 'next':
        this.#next();
        break;
      case 'cancel': {
        const id = [...this.open.keys()][operation.pick % Math.max(1, this.open.size)];
        if (id !== undefined) {
          assert.equal(this.scheduler.cancel(id), true);
          this.#forget(id);
        }
        break;
      }
      case 'complete':
        this.#complete(operation);
        break;
      case 'fail': {
        const batch = this.running.shift();
        if (batch === undefined) break;
        for (const { task, window } of batch.jobs) this.waiting.get(task.id)?.add(window);
        this.#settle(this.scheduler.fail(batch, this.#now));
        break;
      }
      case 'expire':
        this.#expire();
        break;
    }
    const { jobs, tokens, lateJobs } = this.scheduler.depth();
    assert.ok(jobs >= lateJobs && lateJobs >= 0 && tokens >= 0);
    assert.equal(tokens === 0, jobs === 0);
  }

  /** Lets time run until nothing is left to do. */
  finish(): void {
    for (let round = 0; round < 10_000 && this.open.size > 0; round += 1) {
      this.#expire();
      while (this.running.length < WORKERS && this.#next());
      if (this.running.length === 0) {
        const at = this.scheduler.nextExpiryAt();
        if (this.open.size > 0) assert.ok(at < Infinity, 'open tasks wait for ever');
        this.#now = Math.max(this.#now, at);
      } else {
        this.#now += 1;
        this.#complete({ pick: 0, ratio: 1 });
      }
    }
    assert.deepEqual([...this.open.keys()], [], 'every task ends');
    assert.deepEqual(this.scheduler.depth(), { jobs: 0, tokens: 0, lateJobs: 0 });
    assert.equal(this.scheduler.nextExpiryAt(), Infinity);
  }

  #submit({
    budgetMs,
    purpose,
    ...rest
  }: typeof submit extends fc.Arbitrary<infer S> ? S : never): void {
    const now = this.#now;
    this.#lastId += 1;
    const times = { arrivalAt: now, deadlineAt: now + budgetMs };
    const task: Task = { id: this.#lastId, ...times, ...purpose, ...rest };
    const preview = this.scheduler.preview(task, now);
    assert.ok(task.allowed.includes(preview.variant));
    const admission = this.scheduler.submit(task, now);
    if (admission.admitted) {
      this.#giveWay(admission, task);
      this.open.set(task.id, task);
      this.waiting.set(task.id, new Set(task.windowTokens.keys()));
      assert.ok(this.scheduler.depth().tokens <= MAX_QUEUED_TOKENS + 5 * 128 * WORKERS);
    } else {
      assert.ok(admission.predictedMs > 0 && admission.retryAfterMs > 0);
      assert.ok(admission.why === 'overloaded' || task.onMiss === 'reject');
    }
  }

  #giveWay({ late, displaced }: Accepted, newcomer: Task): void {
    const rank = ({ criticality }: Task): number => CRITICALITIES.indexOf(criticality);
    for (const { task, late: isDelayed } of displaced) {
      assert.ok(rank(task) < rank(newcomer), 'only less critical work gives way');
      assert.ok(this.waiting.get(task.id)!.size > 0, 'running work is not interrupted');
      if (isDelayed) {
        assert.equal(task.onMiss, 'degrade');
        assert.ok(!late && !this.delayed.has(task.id), 'late work gives way by ending');
        this.delayed.add(task.id);
      } else this.#settle([task]);
    }
  }

  #forget(id: number): boolean {
    this.waiting.delete(id);
    this.delayed.delete(id);
    return this.open.delete(id);
  }

  #next(): boolean {
    if (this.running.length >= WORKERS) return false;
    const now = this.#now;
    const waiting = this.scheduler.depth();
    const batch = this.scheduler.next(now);
    if (batch === null) return false;
    this.running.push(batch);
    // More may be gone: what has become hopeless is dropped on the way.
    assert.ok(waiting.jobs - this.scheduler.depth().jobs >= batch.jobs.length);
    assert.ok(batch.jobs.length === 1 || batch.jobs.length * batch.length <= MAX_BATCH_TOKENS);
    assert.equal(batch.length, Math.max(...batch.jobs.map(({ tokens }) => tokens)));
    assert.ok(batch.predictedMs > 0);
    for (const { task, window, tokens } of batch.jobs) {
      assert.ok(this.open.has(task.id), 'what has ended does not run');
      assert.ok(task.allowed.includes(batch.variant));
      assert.equal(this.boundTo.get(task.id) ?? batch.variant, batch.variant);
      this.boundTo.set(task.id, batch.variant);
      const { quality } = referenceVariants.find(({ name }) => name === batch.variant)!;
      assert.ok(quality > (task.heldQuality ?? 0), 'what the owner holds is not answered worse');
      assert.equal(task.windowTokens[window], tokens);
      assert.ok(this.waiting.get(task.id)!.delete(window), 'what runs has waited');
      assert.ok(this.scheduler.reasonOf(task.id) !== undefined);
      const starts = this.started.get(task.id) ?? new Map<number, number>();
      this.started.set(task.id, starts.set(window, (starts.get(window) ?? 0) + 1));
      assert.ok(starts.get(window)! <= 2, 'a window runs again once at most');
    }
    const late = batch.jobs.filter(({ task }) => task.deadlineAt <= now);
    const left = this.scheduler.depth();
    if (late.length > 0) assert.equal(left.jobs, left.lateJobs, 'late work goes last');
    assert.ok(late.every(({ task }) => task.onMiss === 'degrade'));
    return true;
  }

  #complete({ pick, ratio }: { pick: number; ratio: number }): void {
    if (this.running.length === 0) return;
    const [batch] = this.running.splice(pick % this.running.length, 1);
    const finished = this.scheduler.complete(batch!, batch!.predictedMs * ratio, this.#now);
    for (const { task, variant } of finished) {
      assert.equal(variant, this.boundTo.get(task.id));
      assert.equal(this.started.get(task.id)!.size, task.windowTokens.length);
    }
    this.#settle(finished.map(({ task }) => task));
  }

  #expire(): void {
    const due = this.scheduler.nextExpiryAt() <= this.#now;
    const before = this.scheduler.depth().lateJobs;
    const expired = this.scheduler.expire(this.#now);
    this.#settle(expired);
    const changed = expired.length > 0 || this.scheduler.depth().lateJobs !== before;
    assert.equal(changed, due, 'nextExpiryAt says when there is something to do');
    assert.ok(this.scheduler.nextExpiryAt() > this.#now);
  }

  #settle(tasks: readonly Task[]): void {
    for (const task of tasks) assert.ok(this.#forget(task.id), `task ${task.id} ended twice`);
  }
}

test('whatever the order of operations, every task ends once, on one allowed variant, late work last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const ledger = new Ledger();
      for (const each of steps) ledger.apply(each);
      ledger.finish();
    }),
    { numRuns: 600 },
  );
});
