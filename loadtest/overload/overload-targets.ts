import { spreadOf, type Spread } from '../statistics.js';
import { judge, type Target, type TargetLine } from '../targets.js';
import type { Capacity } from './capacity.js';
import { gammaCv2, overloadTimes, steadyPercent, type LoadId } from './loads.js';
import type { OverloadFigures } from './measure-load.js';
import type { OverloadRound } from './measure-round.js';

interface OverloadTarget extends Target {
  load: LoadId;
  /** By the client's clock and by the word of the gateway; null where there is no such figure. */
  read: (figures: OverloadFigures, capacity: Capacity) => Reading;
}

interface Reading {
  client: number | null;
  gateway: number | null;
}

/** A target with what was measured by the client's clock, which decides, and by the word of the gateway. */
export interface OverloadLine extends TargetLine {
  byGateway: Spread | null;
  /** Rounds whose load was sent late, or was not sent since all that look for the capacity were. */
  roundsLate: number;
}

const targets: readonly OverloadTarget[] = [
  met('poisson', { what: 'Poisson', atLeast: 99.5 }),
  met('gamma', { what: `gamma CV² ${gammaCv2}`, atLeast: 99 }),
  goodput('twice', { times: overloadTimes[0], atLeast: 95 }),
  goodput('fiveTimes', { times: overloadTimes[1], atLeast: 85 }),
  refusals('twice', { times: overloadTimes[0], atMost: 15 }),
  refusals('fiveTimes', { times: overloadTimes[1], atMost: 15 }),
  {
    ...{ name: 'recovery from the spike, s', decimals: 2, bound: { atMost: 5 }, load: 'spike' },
    read: ({ recovery, recoveryByGateway }) => ({
      client: secondsOf(recovery),
      gateway: secondsOf(recoveryByGateway),
    }),
  },
];

/** One line for each target; a recovery that did not come until the end counts as infinite. */
export function judgeRounds(rounds: readonly OverloadRound[]): OverloadLine[] {
  return targets.map(({ load, read, ...target }) => {
    const readings = rounds.flatMap(({ capacity, loads }) => {
      const figures = loads[load]?.figures;
      return figures === undefined || capacity === undefined ? [] : read(figures, capacity);
    });
    const byClient = knownSpread(readings.map(({ client }) => client));
    const byGateway = knownSpread(readings.map(({ gateway }) => gateway));
    const roundsLate = rounds.length - readings.length;
    return { ...judge(target, byClient), byGateway, roundsLate };
  });
}

function met(load: LoadId, { what, atLeast }: { what: string; atLeast: number }): OverloadTarget {
  return {
    ...{ name: `budgets met, ${what} at ${steadyPercent} %, %`, decimals: 2 },
    ...{ bound: { atLeast }, load },
    read: ({ all }) => ({ client: all.inTimePercent, gateway: all.metByGatewayPercent }),
  };
}

function goodput(
  load: LoadId,
  { times, atLeast }: { times: number; atLeast: number },
): OverloadTarget {
  return {
    ...{ name: `goodput at ${times} x capacity, % of the peak`, decimals: 1 },
    ...{ bound: { atLeast }, load },
    read: ({ goodputPerSecond, byGatewayPerSecond }, capacity) => ({
      client: (100 * goodputPerSecond) / capacity.perSecond,
      gateway: (100 * byGatewayPerSecond) / capacity.byGatewayPerSecond,
    }),
  };
}

function refusals(
  load: LoadId,
  { times, atMost }: { times: number; atMost: number },
): OverloadTarget {
  return {
    ...{ name: `refusal p99 at ${times} x capacity, ms`, decimals: 1 },
    ...{ bound: { atMost }, load },
    read: ({ refusalMs }) => ({ client: refusalMs?.p99 ?? null, gateway: null }),
  };
}

function secondsOf(recovery: OverloadFigures['recovery']): number | null {
  return recovery === undefined ? null : (recovery.seconds ?? Infinity);
}

function knownSpread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spreadOf(known);
}
