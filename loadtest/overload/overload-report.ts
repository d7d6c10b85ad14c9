import { describeRequests } from '../load-report.js';
import { median, spreadOf, type Spread } from '../statistics.js';
import { formatNumber, formatSpread, formatTable } from '../table.js';
import { formatBound } from '../targets.js';
import { loadIds, loadNames } from './loads.js';
import type { MeasuredLoad, OverloadFigures } from './measure-load.js';
import type { OverloadRound } from './measure-round.js';
import type { OverloadFlags } from './overload-flags.js';
import type { OverloadLine } from './overload-targets.js';

/** What is asked for, in one line. */
export function describeOverload(flags: OverloadFlags): string {
  const rounds = `${flags.rounds} round${flags.rounds === 1 ? '' : 's'}`;
  return [...describeRequests(flags), 'result cache bypassed', rounds].join('; ');
}

/** The peak of goodput, and where it lies. */
export function describeCapacity(rounds: readonly OverloadRound[]): string {
  const known = rounds.flatMap(({ capacity, estimatePerSecond }) =>
    capacity === undefined ? [] : { ...capacity, at: (capacity.percent * estimatePerSecond) / 100 },
  );
  if (known.length === 0) return 'capacity: not known, all loads that look for it were sent late';
  const spread = (read: (one: (typeof known)[number]) => number) =>
    formatSpread(spreadOf(known.map(read)), 1);
  return (
    `capacity, the peak of goodput: ${spread(({ perSecond }) => perSecond)} requests/s, by the gateway ` +
    `${spread(({ byGatewayPerSecond }) => byGatewayPerSecond)}; offered there: ${spread(({ at }) => at)}`
  );
}

/** A line for each load: medians over the rounds in which it was sent in time. */
export function formatLoads(rounds: readonly OverloadRound[]): string {
  const head = [
    ...['load', ...columns.map(([name]) => name)],
    ...['send lag p99 ms, worst', 'rounds sent late'],
  ];
  const lines = [...sweepRows(rounds), ...loadRows(rounds)].map(({ name, loads }) => {
    const good = loads.flatMap(({ figures }) => figures ?? []);
    const late = loads.filter(({ sentLate }) => sentLate).length;
    const lags = loads.map(({ sendLagMs }) => sendLagMs.p99);
    return [
      name,
      ...columns.map(([, decimals, read]) => formatNumber(medianOf(good.map(read)), decimals)),
      formatNumber(lags.length === 0 ? null : Math.max(...lags), 2),
      late === 0 ? '' : `${late} of ${loads.length}`,
    ];
  });
  return formatTable([head, ...lines]);
}

/** A line for each target: median and range by both clocks, and whether the median of the client's reaches it. */
export function formatOverloadLines(
  lines: readonly OverloadLine[],
  { rounds }: { rounds: number },
): string {
  const head = ['target', 'bound', 'by client (range)', 'by gateway (range)', 'outcome'];
  const rows = lines.map((line) => [
    line.name,
    formatBound(line),
    formatFigure(line.spread, line.decimals),
    formatFigure(line.byGateway, line.decimals),
    outcomeOf(line, rounds),
  ]);
  return formatTable([head, ...rows], [head.length - 1]);
}

/** The same in a sentence each, for the plot. */
export function describeLines(lines: readonly OverloadLine[]): string[] {
  return lines.map(
    (line) =>
      `${line.name}: ${formatFigure(line.spread, line.decimals)}, promised ${formatBound(line)}`,
  );
}

function outcomeOf({ outcome, roundsLate }: OverloadLine, rounds: number): string {
  if (roundsLate === 0) return outcome;
  if (roundsLate === rounds) return 'sent late';
  return `${outcome}; sent late in ${roundsLate} of ${rounds} rounds`;
}

/** A recovery that did not come until the end of the load is infinite. */
function formatFigure(spread: Spread | null, decimals: number): string {
  return formatSpread(spread, decimals).replaceAll('Infinity', 'not back');
}

const columns: readonly (readonly [
  name: string,
  decimals: number,
  read: (figures: OverloadFigures) => number | undefined,
])[] = [
  ['offered/s', 1, (figures) => figures.offeredPerSecond],
  ['sent/s', 1, (figures) => figures.sentPerSecond],
  ['in time/s', 1, (figures) => figures.goodputPerSecond],
  ['by gateway/s', 1, (figures) => figures.byGatewayPerSecond],
  ['in time %', 2, ({ all }) => all.inTimePercent],
  ['by gateway %', 2, ({ all }) => all.metByGatewayPercent],
  ['late %', 2, ({ all }) => (100 * all.late) / all.requests],
  ['shed %', 2, ({ all }) => (100 * all.shed) / all.requests],
  ['failed %', 2, ({ all }) => (100 * all.failed) / all.requests],
  ['refusal p50 ms', 1, ({ refusalMs }) => refusalMs?.p50],
  ['p99', 1, ({ refusalMs }) => refusalMs?.p99],
];

function medianOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : median(known);
}

interface Row {
  name: string;
  /** One for each round that has it. */
  loads: readonly MeasuredLoad[];
}

/** Rates that looked for the capacity, the lowest first; some rounds may have tried more of them. */
function sweepRows(rounds: readonly OverloadRound[]): Row[] {
  const all = rounds.flatMap(({ sweep }) => sweep);
  const percents = [...new Set(all.map(({ percent }) => percent))].sort((a, b) => a - b);
  return percents.map((percent) => {
    const loads = all.filter((load) => load.percent === percent);
    return { name: loads[0]!.name, loads };
  });
}

function loadRows(rounds: readonly OverloadRound[]): Row[] {
  return loadIds.map((id) => ({
    name: loadNames[id],
    loads: rounds.flatMap(({ loads }) => loads[id] ?? []),
  }));
}
