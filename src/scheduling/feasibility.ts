import type { Backlog } from './backlog.js';
import type { CapacitySnapshot } from './capacity.js';
import type { LatencyModel } from './latency-model.js';
import type { LiveTask } from './live-task.js';

/** One instant's view of what is promised and of who can keep it. */
export interface Outlook {
  readonly now: number;
  readonly backlog: Backlog;
  readonly workers: CapacitySnapshot;
  readonly model: LatencyModel;
}

/** When the costliest window of this task, planned last and with the fastest variant, has to start; ms from now. */
function latestStartMs(live: LiveTask, { now, model }: Outlook): number {
  return live.dueAt - now - live.longestMs * model.slowdown * model.p95Factor(live.planned);
}

/** Its owner holds an answer already: it is dropped where others need its time, so they need not reckon with it. */
function isOptional(live: LiveTask): boolean {
  return live.task.heldQuality !== undefined;
}

/** Tasks whose spare time is remembered one by one, for the batch former; later ones are taken together. */
const REMEMBERED = 64;

/**
 * How long one worker may be taken so that those who wait still make their deadlines with their fastest variants.
 * Those who cannot make it anyway do not count.
 */
export class Allowance {
  /** Of each of the first waiting tasks in queue order, the one that is to run left out. */
  readonly #spare: number[] = [];
  /** The least spare time from each position on; one more entry than `#spare`, for all the rest. */
  readonly #leastFrom: number[];

  constructor(outlook: Outlook, except: LiveTask, uptoMs: number) {
    const { backlog, workers, model, now } = outlook;
    const { slowdown } = model;
    // From this slack on there is room for everything that waits, so later deadlines cannot bind.
    const roomyMs =
      (workers.busyMs + uptoMs + backlog.workMs * slowdown) / Math.max(1, workers.workers) +
      2 * backlog.longestMs * slowdown;
    let before = 0;
    let leastOfRest = Infinity;
    backlog.some((live) => {
      if (live === except) return false;
      if (live.dueAt - now > roomyMs) return true;
      const startMs = latestStartMs(live, outlook);
      const needed = before + (live.workMs - live.longestMs) * slowdown;
      if (!isOptional(live)) before += live.workMs * slowdown;
      const spare = workers.freeWithin(startMs) - needed;
      // One run, however long, takes no more than one worker's `startMs` away. With more than that spare another worker
      // is free by then; several windows may take all workers.
      const oneLeaves = except.pendingJobs === 1 && spare > startMs;
      const binding = spare < 0 || oneLeaves || isOptional(live) ? Infinity : spare;
      if (this.#spare.length < REMEMBERED) this.#spare.push(binding);
      else if (binding < leastOfRest) leastOfRest = binding;
      return false;
    });
    this.#leastFrom = new Array<number>(this.#spare.length + 1);
    this.#leastFrom[this.#spare.length] = leastOfRest;
    for (let i = this.#spare.length - 1; i >= 0; i -= 1) {
      this.#leastFrom[i] = Math.min(this.#spare[i]!, this.#leastFrom[i + 1]!);
    }
  }

  get leastMs(): number {
    return this.#leastFrom[0]!;
  }

  /** Of the task at this position of the queue, counted without the one that is to run. */
  spareAt(position: number): number {
    return this.#spare[position] ?? this.#leastFrom.at(-1)!;
  }

  /** The least of all from this position on. */
  leastFrom(position: number): number {
    return this.#leastFrom[Math.min(position, this.#spare.length)]!;
  }
}

export interface Prospect {
  /** From now to the end of the whole task, keeping what is promised to others. */
  readonly predictedMs: number;
  readonly fits: boolean;
}

/** Whether a new task makes its deadline on its fastest variant, without making another miss that now would not. */
export function prospectOf(newcomer: LiveTask, outlook: Outlook): Prospect {
  const { backlog, workers, model } = outlook;
  const { slowdown } = model;
  const ownMs = newcomer.workMs * slowdown;
  const tailMs = newcomer.longestMs * slowdown * model.p95Factor(newcomer.planned);
  const restMs = ownMs - newcomer.longestMs * slowdown;
  const roomyAt =
    outlook.now +
    (workers.busyMs + ownMs + backlog.workMs * slowdown) / Math.max(1, workers.workers) +
    2 * backlog.longestMs * slowdown;
  const scan = { before: 0, ahead: 0, breaks: false };
  backlog.some((live) => {
    if (live.dueAt > newcomer.dueAt && live.dueAt > roomyAt) return true;
    if (isOptional(live)) return false;
    if (live.dueAt <= newcomer.dueAt) scan.ahead += live.workMs * slowdown;
    else {
      const needed = scan.before + (live.workMs - live.longestMs) * slowdown;
      const spare = workers.freeWithin(latestStartMs(live, outlook)) - needed;
      if (spare >= 0 && spare < ownMs) scan.breaks = true;
    }
    scan.before += live.workMs * slowdown;
    return scan.breaks;
  });
  const alone = workers.startAfter(scan.ahead + restMs) + tailMs;
  const predictedMs = scan.breaks
    ? workers.startAfter(backlog.workMs * slowdown + restMs) + tailMs
    : alone;
  return { predictedMs, fits: !scan.breaks && predictedMs <= newcomer.dueAt - outlook.now };
}
