import type { Acceptance } from './admission.js';
import { Backlog } from './backlog.js';
import type { LatencyModel } from './latency-model.js';
import { LateClass } from './late-class.js';
import type { LiveTask } from './live-task.js';
import { QueueRoom } from './queue-room.js';
import type { Displaced, Task } from './task.js';

/** A task is given up before its deadline only if even a run this much faster than predicted would miss it. */
const LUCKY_RUN = 0.9;

/** All tasks that have not ended: those in time, those late, and those of which every window runs. */
export class TaskBoard {
  readonly backlog = new Backlog();
  readonly late = new LateClass();
  readonly room: QueueRoom;
  readonly #tasks = new Map<number, LiveTask>();
  #ended: Task[] = [];

  constructor(maxQueuedTokens: number) {
    this.room = new QueueRoom(this, maxQueuedTokens);
  }

  /** The live task of this very object; null if it has ended. */
  find(task: Task): LiveTask | null {
    const live = this.#tasks.get(task.id);
    return live?.task === task ? live : null;
  }

  byId(taskId: number): LiveTask | undefined {
    return this.#tasks.get(taskId);
  }

  all(): Iterable<LiveTask> {
    return this.#tasks.values();
  }

  /** Queues a newcomer in the place of those who leave for it; returns what became of them. */
  accept(live: LiveTask, { late, leaving, retryAfterMs }: Acceptance): Displaced[] {
    if (this.#tasks.has(live.id)) throw new Error(`task ${live.id} came twice; this is a bug`);
    const ended: LiveTask[] = [];
    const delayed: LiveTask[] = [];
    const undecided = leaving.filter((each) => {
      const queue = this.withdraw(each);
      const mayBeLate = queue === this.backlog && each.task.onMiss === 'degrade';
      if (!mayBeLate) ended.push(each);
      return mayBeLate;
    });
    this.#tasks.set(live.id, live);
    (late ? this.late : this.backlog).add(live);
    // The most critical first, so that none of them is moved and then has to leave for the next.
    for (const each of undecided.reverse()) {
      const leavingLate = this.room.whoMakesLateRoomFor(each);
      ended.push(...(leavingLate ?? [each]));
      if (leavingLate === null) continue;
      for (const other of leavingLate) this.withdraw(other);
      this.late.add(each);
      delayed.push(each);
    }
    for (const each of ended) this.remove(each);
    return [
      ...delayed.map(({ task }) => ({ task, late: true }) as const),
      ...ended.map(({ task }) => ({ task, late: false, retryAfterMs }) as const),
    ];
  }

  /** Takes a task out of the queue it waits in; null if it waits in none. */
  withdraw(live: LiveTask): Backlog | LateClass | null {
    if (this.backlog.remove(live)) return this.backlog;
    return this.late.remove(live) ? this.late : null;
  }

  /** Forgets a task; whoever calls this tells its owner. Returns false if it had ended already. */
  remove(live: LiveTask): boolean {
    this.withdraw(live);
    return this.#tasks.delete(live.id);
  }

  /** Forgets a task that its owner has given up. Returns false if the owner knows of its end already. */
  cancel(taskId: number): boolean {
    const live = this.#tasks.get(taskId);
    if (live !== undefined) return this.remove(live);
    const untold = this.#ended.findIndex(({ id }) => id === taskId);
    if (untold >= 0) this.#ended.splice(untold, 1);
    return untold >= 0;
  }

  /** Ends a task whose owner will learn it from the next `takeExpired`. */
  end(live: LiveTask): void {
    if (this.remove(live)) this.#ended.push(live.task);
  }

  /** Queues a task that waited before; false if its time does not allow it. */
  requeue(live: LiveTask, now: number, model: LatencyModel): boolean {
    const fastestMs = live.longestMs * model.slowdown;
    if (!live.late && now + fastestMs <= live.dueAt) {
      this.backlog.add(live);
      return true;
    }
    if (live.task.onMiss === 'reject' || now >= live.expiresAt) return false;
    this.late.add(live);
    return true;
  }

  /** Clears the head of the backlog of tasks that cannot make their deadline any more. */
  dropHopeless(now: number, model: LatencyModel): void {
    for (let head = this.backlog.head(); head !== undefined; head = this.backlog.head()) {
      if (now + LUCKY_RUN * head.longestMs * model.slowdown <= head.task.deadlineAt) return;
      this.#giveUp(head);
    }
  }

  takeExpired(now: number): Task[] {
    for (let head = this.backlog.head(); head !== undefined; head = this.backlog.head()) {
      if (head.task.deadlineAt > now) break;
      this.#giveUp(head);
    }
    let overdue = this.late.takeExpired(now);
    while (overdue !== null) {
      this.end(overdue);
      overdue = this.late.takeExpired(now);
    }
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  nextExpiryAt(): number {
    if (this.#ended.length > 0) return -Infinity;
    return Math.min(this.backlog.head()?.task.deadlineAt ?? Infinity, this.late.nextExpiryAt);
  }

  #giveUp(live: LiveTask): void {
    if (live.task.onMiss === 'reject') {
      this.end(live);
      return;
    }
    this.backlog.remove(live);
    this.late.add(live);
  }
}
