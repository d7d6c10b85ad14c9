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
export function isOptional(live: LiveTask): boolean {
  return live.task.heldQuality !== undefined;
}

/** Worker time that others may take before this task, so that it still makes its deadline; negative if it cannot. */
export function roomBeforeMs(live: LiveTask, outlook: Outlook): number {
  const { workers, model } = outlook;
  return (
    workers.freeWithin(latestStartMs(live, outlook)) -
    (live.workMs - live.longestMs) * model.slowdown
  );
}

/** Tasks whose spare time is remembered one by one, for the batch former; later ones are taken together. */
const REMEMBERED = 64;

/**
 * How long one worker may be taken so that those who wait still make their deadlines with their fastest variants.
 * Those who cannot make it anyway do not count.
 */
export class Allowance {
  /** Nobody waits, or nobody is to be spared. */
  static readonly UNLIMITED = new Allowance([], Infinity);

  /** Of each of the first waiting tasks in queue order, the one that is to run left out. */
  readonly #spare: readonly number[];
  /** The least spare time from each position on; one more entry than `#spare`, for all the rest. */
  readonly #leastFrom: number[];

  private constructor(spare: readonly number[], leastOfRest: number) {
    this.#spare = spare;
    this.#leastFrom = new Array<number>(spare.length + 1);
    this.#leastFrom[spare.length] = leastOfRest;
    for (let i = spare.length - 1; i >= 0; i -= 1) {
      this.#leastFrom[i] = Math.min(spare[i]!, this.#leastFrom[i + 1]!);
    }
  }

  /** For runs of `running` that take `uptoMs` at most. */
  static of(running: LiveTask, outlook: Outlook, uptoMs: number): Allowance {
    const { backlog, workers, model, now } = outlook;
    const { slowdown } = model;
    // From this slack on there is room for everything that waits, so later deadlines cannot bind.
    const roomyMs =
      (workers.busyMs + uptoMs + backlog.workMs * slowdown) / Math.max(1, workers.workers) +
      2 * backlog.longestMs * slowdown;
    const spares: number[] = [];
    let before = 0;
    let leastOfRest = Infinity;
    backlog.some((live) => {
      if (live === running) return false;
      if (live.dueAt - now > roomyMs) return true;
      const startMs = latestStartMs(live, outlook);
      const spare = roomBeforeMs(live, outlook) - before;
      if (!isOptional(live)) before += live.workMs * slowdown;
      // One run, however long, takes no more than one worker's `startMs` away. With more than that spare another worker
      // is free by then; several windows may take all workers.
      const oneLeaves = running.pendingJobs === 1 && spare > startMs;
      const binding = spare < 0 || oneLeaves || isOptional(live) ? Infinity : spare;
      if (spares.length < REMEMBERED) spares.push(binding);
      else if (binding < leastOfRest) leastOfRest = binding;
      return false;
    });
    return new Allowance(spares, leastOfRest);
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

/** What a newcomer asks of the workers on its fastest variant, ms: in all, before its last window, and p95 of that one. */
export function needOf(newcomer: LiveTask, { model }: Outlook) {
  const { slowdown } = model;
  const ownMs = newcomer.workMs * slowdown;
  return {
    ownMs,
    restMs: ownMs - newcomer.longestMs * slowdown,
    tailMs: newcomer.longestMs * slowdown * model.p95Factor(newcomer.planned),
  };
}

/** From this instant on there is room for all that waits and the newcomer, so deadlines behind it cannot bind. */
export function roomyAt(newcomer: LiveTask, { now, backlog, workers, model }: Outlook): number {
  const { slowdown } = model;
  const workMs = workers.busyMs + newcomer.workMs * slowdown + backlog.workMs * slowdown;
  return now + workMs / Math.max(1, workers.workers) + 2 * backlog.longestMs * slowdown;
}

/** Whether a new task makes its deadline on its fastest variant, without making another miss that now would not. */
export function prospectOf(newcomer: LiveTask, outlook: Outlook): Prospect {
  const { backlog, workers, model } = outlook;
  const { slowdown } = model;
  const { ownMs, restMs, tailMs } = needOf(newcomer, outlook);
  const roomyFrom = roomyAt(newcomer, outlook);
  const scan = { before: 0, ahead: 0, breaks: false };
  backlog.some((live) => {
    if (live.dueAt > newcomer.dueAt && live.dueAt > roomyFrom) return true;
    if (isOptional(live)) return false;
    if (live.dueAt <= newcomer.dueAt) scan.ahead += live.workMs * slowdown;
    else {
      const spare = roomBeforeMs(live, outlook) - scan.before;
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
