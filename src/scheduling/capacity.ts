import { RecentLoad, type Load } from './recent-load.js';
import type { Batch } from './task.js';

/** A run past its prediction is taken to need this share of it still. */
const OVERRUN_SHARE = 0.1;

/** What the workers can still take on: how many there are, and when those at work become free. */
export class Capacity {
  workers: number;
  readonly #running = new Map<number, Batch>();
  readonly #recent = new RecentLoad();

  constructor(workers: number) {
    this.workers = workers;
  }

  get busyWorkers(): number {
    return this.#running.size;
  }

  get idleWorkers(): number {
    return Math.max(0, this.workers - this.#running.size);
  }

  start(batch: Batch): void {
    this.#running.set(batch.id, batch);
    this.#recent.start(batch.predictedMs);
    this.#recordUse(batch.startedAt);
  }

  /** Returns false if this batch is not running (any more). */
  end(batch: Batch, now: number): boolean {
    const wasRunning = this.#running.delete(batch.id);
    if (wasRunning) this.#recordUse(now);
    return wasRunning;
  }

  /** What the workers did of late. */
  load(now: number): Load {
    return this.#recent.at(now);
  }

  snapshot(now: number): CapacitySnapshot {
    const remaining: number[] = [];
    for (const { startedAt, predictedMs } of this.#running.values()) {
      remaining.push(Math.max(startedAt + predictedMs - now, OVERRUN_SHARE * predictedMs));
    }
    remaining.sort((one, other) => one - other);
    return new CapacitySnapshot(this.workers, remaining);
  }

  #recordUse(now: number): void {
    this.#recent.change(Math.min(1, this.#running.size / Math.max(1, this.workers)), now);
  }
}

/** The workers at one instant; all times are ms from then. */
export class CapacitySnapshot {
  readonly workers: number;
  /** Of the runs in flight, shortest first. */
  readonly remaining: readonly number[];
  readonly busyMs: number;

  constructor(workers: number, remaining: readonly number[]) {
    this.workers = workers;
    this.remaining = remaining;
    this.busyMs = remaining.reduce((sum, ms) => sum + ms, 0);
  }

  /** Worker time that is free within the next `ms`. */
  freeWithin(ms: number): number {
    let free = this.workers * ms;
    for (const busy of this.remaining) free -= busy < ms ? busy : ms;
    return free;
  }

  /** When the next job starts after `workMs` of others, if no worker ever idles: Graham's bound on list scheduling. */
  startAfter(workMs: number): number {
    // Fill the idle workers first, then each busy one from where it becomes free.
    let level = 0;
    let open = Math.max(0, this.workers - this.remaining.length);
    let left = workMs;
    for (const busy of this.remaining) {
      const room = open * (busy - level);
      if (open > 0 && left <= room) break;
      left -= room;
      level = busy;
      open += 1;
    }
    return level + left / Math.max(1, Math.min(open, this.workers));
  }

  /** When the last of these runs ends, each given in turn to the worker that is free first. */
  finishOf(runsMs: Iterable<number>): number {
    const freeAt = Array.from(
      { length: Math.max(1, this.workers) },
      (_, worker) => this.remaining[this.remaining.length - 1 - worker] ?? 0,
    );
    let finish = 0;
    for (const runMs of runsMs) {
      let first = 0;
      for (let worker = 1; worker < freeAt.length; worker += 1) {
        if (freeAt[worker]! < freeAt[first]!) first = worker;
      }
      freeAt[first]! += runMs;
      if (freeAt[first]! > finish) finish = freeAt[first]!;
    }
    return finish;
  }
}
