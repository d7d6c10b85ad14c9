import type { MeasuredLoad } from './measure-load.js';

/** A load at a rate that may be that of the peak. */
export interface SweepLoad extends MeasuredLoad {
  /** Of the first estimate. */
  percent: number;
}

export interface Capacity {
  /** The peak of goodput: answers in time per second. */
  perSecond: number;
  /** The same by the word of the gateway alone. */
  byGatewayPerSecond: number;
  /** The rate that had the peak, of the first estimate. */
  percent: number;
}

/** Of the loads that were not sent late; undefined where all of them were. Throws where nothing was answered in time. */
export function capacityOf(sweep: readonly SweepLoad[]): Capacity | undefined {
  const points = pointsOf(sweep);
  if (points.length === 0) return undefined;
  const best = bestOf(points);
  if (best.goodput === 0) {
    throw new Error(
      'No capacity: no answer came within its budget at any rate. Allow longer --budgets, or pin a faster --variant.',
    );
  }
  return {
    perSecond: best.goodput,
    byGatewayPerSecond: Math.max(...points.map(({ byGateway }) => byGateway)),
    percent: best.percent,
  };
}

const stepUp = 1.25;
const stepDown = 0.75;
/** Goodput still rises where more than this share of the requests that a higher rate adds is answered in time. */
const risingShare = 0.5;

/**
 * The rate to try next, in % of the estimate: above the highest while goodput rises there, below the lowest while that one is
 * the best. Undefined once the peak is enclosed, and where the load generator can send no more in time.
 */
export function nextPercent(sweep: readonly SweepLoad[]): number | undefined {
  const points = pointsOf(sweep);
  if (points.length === 0) return undefined;
  const best = bestOf(points);
  if (best.goodput === 0) return undefined;
  const percents = sweep.map(({ percent }) => percent);
  if (best.percent === Math.max(...percents)) {
    const below = points.at(-2) ?? { offered: 0, goodput: 0 };
    const added = best.offered - below.offered;
    if (best.goodput - below.goodput > risingShare * added) return Math.ceil(stepUp * best.percent);
  }
  if (best.percent !== Math.min(...percents)) return undefined;
  const lower = Math.floor(stepDown * best.percent);
  return lower > 0 ? lower : undefined;
}

/** Tries the rates, in % of the estimate, and further ones until the peak of goodput lies among them. */
export async function sweepRates(
  percents: readonly number[],
  measure: (percent: number, planned: boolean) => Promise<MeasuredLoad>,
): Promise<SweepLoad[]> {
  const sweep: SweepLoad[] = [];
  const tryRate = async (percent: number, planned: boolean): Promise<void> => {
    sweep.push({ percent, ...(await measure(percent, planned)) });
  };
  for (const percent of percents.toSorted((a, b) => a - b)) await tryRate(percent, true);
  for (let next = nextPercent(sweep); next !== undefined; next = nextPercent(sweep)) {
    await tryRate(next, false);
  }
  return sweep.sort((a, b) => a.percent - b.percent);
}

interface Point {
  percent: number;
  offered: number;
  goodput: number;
  byGateway: number;
}

/** In the order of rates, without those sent late. */
function pointsOf(sweep: readonly SweepLoad[]): Point[] {
  return sweep
    .flatMap(({ percent, figures }) =>
      figures === undefined
        ? []
        : {
            percent,
            offered: figures.offeredPerSecond,
            goodput: figures.goodputPerSecond,
            byGateway: figures.byGatewayPerSecond,
          },
    )
    .sort((a, b) => a.percent - b.percent);
}

function bestOf(points: readonly Point[]): Point {
  return points.reduce((best, point) => (point.goodput > best.goodput ? point : best));
}
