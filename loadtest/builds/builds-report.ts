import { spreadOf, type Spread } from '../statistics.js';
import { formatNumber, formatSpread, formatTable } from '../table.js';
import { judge, type Target, type TargetLine } from '../targets.js';
import type { CycleFigures } from './cycle-builds.js';
import type { RunTimeFigures } from './paired-runs.js';
import type { ServedF1 } from './score-served.js';
import {
  figuresOfPair,
  servePercent,
  type PairFigures,
  type ServeResult,
} from './serve-while-building.js';
import type { BuildRun } from './time-builds.js';

/** What the parts found; undefined where a part was left out, F1 empty where there was no corpus. */
export interface BuildsFindings {
  time?: BuildRun[];
  file?: FileFindings;
  serve?: ServeResult;
  cycles?: CycleFigures | undefined;
}

export interface FileFindings {
  runTimes: RunTimeFigures[];
  f1: ServedF1[];
}

type Read = (findings: BuildsFindings) => readonly (number | null)[];

const targets: readonly (Target & { read: Read })[] = [
  ofBuilds('s from request to active', { atMost: 2.5 }, ({ activeMs }) => activeMs / 1000),
  ofBuilds('s of the build alone', { atMost: 1 }, ({ buildMs }) => buildMs / 1000),
  ofBuilds('peak memory, sizes of the fp32 weights', { atMost: 4 }, ({ peakOfFp32 }) => peakOfFp32),
  ofBuilds('cards with digest and size of their own, share', { atLeast: 1 }, ({ hasOwnCard }) =>
    hasOwnCard ? 1 : 0,
  ),
  {
    ...{ name: "run time of the built file, of the Python file's", decimals: 3 },
    bound: { atMost: 1 },
    read: ({ file }) => file?.runTimes.map(({ ratio }) => ratio) ?? [],
  },
  {
    ...{ name: 'F1 on validation, distance from the Python file', decimals: 4 },
    bound: { atMost: 0.002 },
    read: ({ file }) =>
      file?.f1.filter(({ split }) => split === 'validation').map(distanceOf) ?? [],
  },
  ofPairs(
    `budgets met while building at ${servePercent} %, %`,
    { atLeast: 98 },
    (pair) => pair.metPercent,
  ),
  ofPairs('p99 while building, of that without', { atMost: 1.5 }, (pair) => pair.p99Ratio),
  ofCycles(
    'memory at the end, of that after the warm-up',
    { atMost: 1.1 },
    (figures) => figures.memoryRatio,
  ),
  ofCycles('processes left', { atMost: 0 }, ({ processesLeft }) => processesLeft),
  ofCycles('files left', { atMost: 0 }, ({ filesLeft }) => filesLeft),
];

/** One line a target; what was not measured, or on a system that does not tell it, says so. */
export function judgeBuilds(findings: BuildsFindings): TargetLine[] {
  return targets.map(({ read, ...target }) => judge(target, knownSpread(read(findings))));
}

/** Of pairs whose windows were both sent in time. */
export function knownPairs({ pairs }: ServeResult): PairFigures[] {
  return pairs.map(figuresOfPair).filter((figures) => figures !== undefined);
}

export function distanceOf({ built, reference }: ServedF1): number {
  return Math.abs(built - reference);
}

export const buildTimes = [
  ['request to active, by client', ({ activeMs }) => activeMs],
  ['request to active, by gateway', ({ activeByGatewayMs }) => activeByGatewayMs],
  ['  build alone', ({ buildMs }) => buildMs],
  ['  gate', ({ gateMs }) => gateMs],
  ['  loading', ({ loadMs }) => loadMs],
] as const satisfies readonly (readonly [string, (run: BuildRun) => number])[];

export function formatBuildTimes(runs: readonly BuildRun[]): string {
  const over = (read: (run: BuildRun) => number, decimals: number): string =>
    formatSpread(spreadOf(runs.map(read)), decimals);
  const memory = knownSpread(runs.map(({ peakMemoryBytes }) => peakMemoryBytes));
  const agreement = knownSpread(runs.map((run) => run.agreement));
  return formatTable([
    [`builds: ${runs.length}`, 'median (range)'],
    ...buildTimes.map(([name, read]) => [`${name}, ms`, over(read, 0)]),
    ['peak memory, MB', formatSpread(scaled(memory, 1e-6), 0)],
    ['agreement with the parent', formatSpread(agreement, 4)],
    ['size of the file, MB', over(({ sizeBytes }) => sizeBytes / 1e6, 2)],
    ['different files', String(new Set(runs.map(({ sha256 }) => sha256)).size)],
  ]);
}

export function formatFile({ runTimes, f1 }: FileFindings): string {
  const over = (read: (pass: RunTimeFigures) => number): string =>
    formatSpread(spreadOf(runTimes.map(read)), 3);
  const times = formatTable([
    ['one thread, alone', 'median (range)'],
    ['built, ms of the median sentence', over(({ builtMs }) => builtMs)],
    ['Python, ms of the median sentence', over(({ referenceMs }) => referenceMs)],
    ['ratio, all sentences', over(({ ratio }) => ratio)],
    ['ratio, median sentence by sentence', over(({ pairedRatio }) => pairedRatio)],
  ]);
  if (f1.length === 0) return `${times}\n\nF1: not measured, --data names no folder`;
  const scores = formatTable([
    ['F1 over POST /ner', 'sentences', 'built', 'Python', 'distance'],
    ...f1.map((split) => [
      split.split,
      String(split.sentences),
      formatNumber(split.built, 4),
      formatNumber(split.reference, 4),
      formatNumber(distanceOf(split), 4),
    ]),
  ]);
  return `${times}\n\n${scores}`;
}

/** A line a pair; one with a window that was sent late has dashes. */
export function formatServe(result: ServeResult): string {
  const { capacity, pairs } = result;
  if (capacity === undefined)
    return 'capacity: not known, all loads that look for it were sent late';
  const rate = (servePercent / 100) * capacity.perSecond;
  const table = formatTable([
    ['pair', 'builds', 'in time %', 'by gateway %', 'without %', 'p99 ms', 'without', 'ratio'],
    ...pairs.map((pair, index) => {
      const figures = figuresOfPair(pair);
      const cell = (read: (known: PairFigures) => number, decimals: number): string =>
        formatNumber(figures === undefined ? null : read(figures), decimals);
      return [
        `${index + 1}`,
        String(pair.building.builds),
        cell(({ metPercent }) => metPercent, 2),
        cell(({ metByGatewayPercent }) => metByGatewayPercent, 2),
        cell(({ metIdlePercent }) => metIdlePercent, 2),
        cell(({ p99Ms }) => p99Ms, 1),
        cell(({ p99IdleMs }) => p99IdleMs, 1),
        cell(({ p99Ratio }) => p99Ratio, 2),
      ];
    }),
  ]);
  return `capacity ${capacity.perSecond.toFixed(1)} requests/s; offered in the windows: ${rate.toFixed(1)}\n${table}`;
}

export function formatCycles(
  figures: CycleFigures,
  { cycles, warmUp }: { cycles: number; warmUp: number },
): string {
  return formatTable([
    ['cycles of build, retire, remove', String(cycles)],
    [`resident MiB after cycle ${warmUp}`, formatNumber(figures.afterWarmUpMiB, 0)],
    [`resident MiB after cycle ${cycles}`, formatNumber(figures.lastMiB, 0)],
    ['ratio', formatNumber(figures.memoryRatio, 3)],
    ['processes left', String(figures.processesLeft)],
    ['files left', String(figures.filesLeft)],
  ]);
}

function ofBuilds(
  name: string,
  bound: Target['bound'],
  read: (run: BuildRun) => number | null,
): Target & { read: Read } {
  return { name, decimals: 2, bound, read: ({ time }) => time?.map(read) ?? [] };
}

function ofPairs(
  name: string,
  bound: Target['bound'],
  read: (figures: PairFigures) => number,
): Target & { read: Read } {
  return {
    name,
    decimals: 2,
    bound,
    read: ({ serve }) => (serve ? knownPairs(serve).map(read) : []),
  };
}

function ofCycles(
  name: string,
  bound: Target['bound'],
  read: (figures: CycleFigures) => number,
): Target & { read: Read } {
  return { name, decimals: 2, bound, read: ({ cycles }) => (cycles ? [read(cycles)] : []) };
}

function knownSpread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : spreadOf(known);
}

function scaled(spread: Spread | null, factor: number): Spread | null {
  if (spread === null) return null;
  const { median: middle, min, max } = spread;
  return { median: middle * factor, min: min * factor, max: max * factor };
}
