/** How many workers there are, and of how many threads each: candidates, the choice among them, and a rule. Pure. */

export interface WorkerLayout {
  readonly workers: number;
  readonly threads: number;
}

/** A layout and the answers per second that it was measured to give. */
export interface LayoutFigure extends WorkerLayout {
  readonly answersPerSecond: number;
}

export interface WantedLayout {
  readonly workers: number | 'auto';
  readonly threads: number | 'auto';
}

/** Each worker holds every variant in its memory: without a measurement more of them than this are not risked. */
const MAX_RULED_WORKERS = 4;
/** The one HTTP thread has .4 to .7 ms of work per answer, so that it is busy before more workers are. */
const MAX_MEASURED_WORKERS = 8;
/** Sentences are short: their matrices do not divide into more parts than this. */
const MAX_MEASURED_THREADS = 8;
/** What more workers must bring, since each of them takes the memory of every variant. */
const MIN_GAIN = 0.05;
/** Workers that are alive at once during a measurement, unless one layout alone has more: they take memory too. */
const MAX_SIDE_BY_SIDE = 8;

/**
 * Fills in what the configuration leaves open, without a measurement: cores become workers first and threads after.
 * A GPU has one worker: its batches do the rest.
 */
export function layOutWorkers(
  wanted: WantedLayout,
  host: { cores: number; gpu: boolean },
): WorkerLayout {
  const perWorker = wanted.threads === 'auto' ? 1 : wanted.threads;
  const room = Math.max(1, Math.floor(host.cores / perWorker));
  const auto = host.gpu ? 1 : Math.min(room, MAX_RULED_WORKERS);
  const workers = wanted.workers === 'auto' ? auto : wanted.workers;
  const threads =
    wanted.threads === 'auto' ? Math.max(1, Math.floor(host.cores / workers)) : wanted.threads;
  return { workers, threads };
}

/**
 * The layouts worth measuring on so many cores: all cores, in ever fewer workers of ever more threads, and one that
 * leaves a core or more to HTTP. A single one on a single core.
 */
export function candidateLayouts(cores: number): WorkerLayout[] {
  const most = Math.min(cores, MAX_MEASURED_WORKERS);
  const candidates: WorkerLayout[] = [];
  for (let workers = most; workers >= 1; workers = Math.floor(workers / 2)) {
    const threads = Math.min(Math.floor(cores / workers), MAX_MEASURED_THREADS);
    candidates.push({ workers, threads });
  }
  // With more cores than workers, those of one thread leave some.
  const leaving = cores > most ? most : most - 1;
  const known = candidates.some(({ workers, threads }) => workers === leaving && threads === 1);
  if (leaving >= 1 && !known) candidates.push({ workers: leaving, threads: 1 });
  return candidates;
}

/** Workers of one number of threads, and the layouts that they can show: fewer of them may be used than there are. */
export interface TrialPool extends WorkerLayout {
  readonly layouts: readonly WorkerLayout[];
}

/**
 * The pools that show all these layouts, in groups that may be alive at once. Layouts side by side are measured in turn,
 * so that a slow spell of the host meets all of them.
 */
export function trialPools(layouts: readonly WorkerLayout[]): TrialPool[][] {
  const groups: TrialPool[][] = [];
  let alive = Infinity;
  for (const threads of new Set(layouts.map((layout) => layout.threads))) {
    const shown = layouts.filter((layout) => layout.threads === threads);
    const workers = Math.max(...shown.map((layout) => layout.workers));
    if (alive + workers > MAX_SIDE_BY_SIDE) {
      groups.push([]);
      alive = 0;
    }
    alive += workers;
    groups.at(-1)!.push({ workers, threads, layouts: shown });
  }
  return groups;
}

/**
 * The layout with the most answers per second, but one of fewer workers where more bring less than 5 %; the better one of as
 * many workers. Throws where there is no figure.
 */
export function chooseLayout(figures: readonly LayoutFigure[]): LayoutFigure {
  const best = Math.max(...figures.map((figure) => figure.answersPerSecond));
  const enough = figures.filter((figure) => figure.answersPerSecond * (1 + MIN_GAIN) >= best);
  const [first] = enough.sort(
    (left, right) =>
      left.workers - right.workers ||
      right.answersPerSecond - left.answersPerSecond ||
      left.threads - right.threads,
  );
  if (first === undefined) throw new Error('no layout was measured; this is a bug');
  return first;
}
