import type { Backlog } from './backlog.js';
import { isOptional, needOf, roomBeforeMs, roomyAt, type Outlook } from './feasibility.js';
import type { LateClass } from './late-class.js';
import type { LiveTask } from './live-task.js';

export interface Shortage {
  readonly late: LateClass;
  /** By how much the newcomer would take the queue over its bound; not positive where it would not. */
  readonly excessTokens: number;
  /** Whether its deadline, and what it takes from others, are looked at. */
  readonly timed: boolean;
}

/**
 * Who gives way so that the newcomer is in time and within the bound: less critical waiting tasks, the least critical
 * first and none of them needlessly. Null where not even all of them are enough. Changes nothing.
 */
export function whoGivesWay(
  newcomer: LiveTask,
  outlook: Outlook,
  { late, excessTokens, timed }: Shortage,
): LiveTask[] | null {
  const { backlog } = outlook;
  const { rank } = newcomer;
  const lacksRoom = excessTokens > 0;
  if (!backlog.hasBelow(rank) && !(lacksRoom && late.hasBelow(rank))) return null;

  const queue = timed ? new QueueView(newcomer, outlook) : null;
  const candidates = (queue?.places ?? []).filter(({ live }) => live.rank < rank);
  if (lacksRoom) {
    const known = new Set(candidates.map(({ live }) => live));
    for (let below = 0; below < rank; below += 1) {
      const isWanted = (live: LiveTask): boolean => live.rank === below && !known.has(live);
      candidates.push(...lastOf(late, excessTokens, isWanted));
      candidates.push(...lastOf(backlog, excessTokens, isWanted));
    }
  }
  const suffices = (): boolean =>
    (queue === null || queue.isNewcomerInTime()) &&
    (!lacksRoom || freedTokens(candidates) >= excessTokens);
  return leastOf(firstOf(candidates), suffices) ?? leastOf(candidates.sort(byReadiness), suffices);
}

/** Who leaves the late class so that `excessTokens` less wait there; otherwise as above. */
export function whoLeavesLate(
  newcomer: LiveTask,
  late: LateClass,
  excessTokens: number,
): LiveTask[] | null {
  const candidates: Place[] = [];
  for (let below = 0; below < newcomer.rank; below += 1) {
    candidates.push(...lastOf(late, excessTokens, ({ rank }) => rank === below));
  }
  return leastOf(candidates, () => freedTokens(candidates) >= excessTokens);
}

/** How many are looked at before all are sorted. */
const USUALLY_ENOUGH = 32;

/** A waiting task as the search sees it. */
interface Place {
  readonly live: LiveTask;
  readonly workMs: number;
  /** Work that may run before it; Infinity where the newcomer cannot make it miss a deadline that it would meet now. */
  readonly roomMs: number;
  leaving: boolean;
}

/** The queue up to the last task that decides whether the newcomer fits in. */
class QueueView {
  readonly places: Place[] = [];
  readonly #newcomer: LiveTask;
  readonly #outlook: Outlook;
  /** How many of them have the earlier deadline. */
  #ahead = 0;

  constructor(newcomer: LiveTask, outlook: Outlook) {
    this.#newcomer = newcomer;
    this.#outlook = outlook;
    const { slowdown } = outlook.model;
    const { ownMs } = needOf(newcomer, outlook);
    const lastDueAt = Math.max(newcomer.dueAt, roomyAt(newcomer, outlook));
    let before = 0;
    let deciding = 0;
    outlook.backlog.some((live) => {
      if (live.dueAt > lastDueAt) return true;
      if (isOptional(live)) return false;
      const isAhead = live.dueAt <= newcomer.dueAt;
      const roomMs = isAhead ? Infinity : roomBeforeMs(live, outlook);
      const isAtRisk = roomMs >= before && roomMs - before < ownMs;
      const workMs = live.workMs * slowdown;
      this.places.push({ live, workMs, roomMs: isAtRisk ? roomMs : Infinity, leaving: false });
      if (isAhead) this.#ahead += 1;
      if (isAhead || isAtRisk) deciding = this.places.length;
      before += workMs;
      return false;
    });
    this.places.length = deciding;
  }

  /** The same question as `prospectOf` asks, without those who leave. */
  isNewcomerInTime(): boolean {
    const { now, workers } = this.#outlook;
    const { ownMs, restMs, tailMs } = needOf(this.#newcomer, this.#outlook);
    let before = 0;
    let beforeNewcomer = 0;
    for (let position = 0; position < this.places.length; position += 1) {
      const { leaving, roomMs, workMs } = this.places[position]!;
      if (leaving) continue;
      if (roomMs - before < ownMs) return false;
      before += workMs;
      if (position < this.#ahead) beforeNewcomer = before;
    }
    return workers.startAfter(beforeNewcomer + restMs) + tailMs <= this.#newcomer.dueAt - now;
  }
}

/**
 * The shortest head of `candidates` that suffices, less those of it that may stay after all; null if all do not.
 * `suffices` must hold for more whenever it holds for less, and must not hold while nobody leaves.
 */
function leastOf(candidates: readonly Place[], suffices: () => boolean): LiveTask[] | null {
  const leave = (count: number): void =>
    candidates.forEach((place, position) => (place.leaving = position < count));
  let enough = candidates.length;
  leave(enough);
  if (!suffices()) return null;
  let tooFew = 0;
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    leave(middle);
    if (suffices()) enough = middle;
    else tooFew = middle;
  }
  leave(enough);
  // Without the last one it was not enough, so only others can stay: the most critical are asked first.
  for (let position = enough - 2; position >= 0; position -= 1) {
    const place = candidates[position]!;
    place.leaving = false;
    place.leaving = !suffices();
  }
  return candidates.filter(({ leaving }) => leaving).map(({ live }) => live);
}

/**
 * Sheddable before default; then who is late anyway, and who has had nothing of a worker yet. The longest first, so
 * that few have to go (Moore and Hodgson's rule for the fewest late jobs), and of those alike the one that came last.
 */
function byReadiness({ live: one }: Place, { live: other }: Place): number {
  return (
    one.rank - other.rank ||
    Number(other.late) - Number(one.late) ||
    Number(one.bound !== null) - Number(other.bound !== null) ||
    other.workMs - one.workMs ||
    other.id - one.id
  );
}

/** The head of what sorting would give; it is nearly always enough, and much cheaper where thousands wait. */
function firstOf(candidates: readonly Place[]): Place[] {
  const first: Place[] = [];
  for (const place of candidates) {
    if (first.length === USUALLY_ENOUGH && byReadiness(place, first.at(-1)!) > 0) continue;
    let at = first.length;
    while (at > 0 && byReadiness(place, first[at - 1]!) < 0) at -= 1;
    first.splice(at, 0, place);
    if (first.length > USUALLY_ENOUGH) first.pop();
  }
  return first;
}

/** From the end of a queue, so many that hold `tokens` together: where tokens are all that counts, no more are needed. */
function lastOf(
  queue: Backlog | LateClass,
  tokens: number,
  isWanted: (live: LiveTask) => boolean,
): Place[] {
  const places: Place[] = [];
  let found = 0;
  queue.someFromEnd((live) => {
    if (!isWanted(live)) return false;
    places.push({ live, workMs: 0, roomMs: Infinity, leaving: false });
    found += live.pendingTokens;
    return found >= tokens;
  });
  return places;
}

function freedTokens(places: readonly Place[]): number {
  let sum = 0;
  for (const { live, leaving } of places) if (leaving) sum += live.pendingTokens;
  return sum;
}
