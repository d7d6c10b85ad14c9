import { spreadOf, type Spread } from '../statistics.js';
import { formatSpread, formatTable } from '../table.js';
import { judge, type Target, type TargetLine } from '../targets.js';
import type { AddedTime } from './added-time.js';
import type { SaturationFigures } from './measure-saturation.js';

export interface OverheadRound {
  oneConnection: AddedTime;
  saturation: SaturationFigures;
}

interface Measure {
  name: string;
  decimals: number;
  read: (round: OverheadRound) => number;
}

/** Median and range over the rounds. */
export interface OverheadLine {
  name: string;
  decimals: number;
  spread: Spread;
}

const oneConnection: readonly Measure[] = [
  { name: 'gateway, p50', decimals: 3, read: (round) => round.oneConnection.gatewayP50 },
  { name: 'ONNX Runtime alone, p50', decimals: 3, read: (round) => round.oneConnection.rawP50 },
  { name: 'added, the difference', decimals: 3, read: (round) => round.oneConnection.addedP50 },
  { name: 'added, paired by text', decimals: 3, read: (round) => round.oneConnection.pairedP50 },
  {
    name: '  HTTP and client',
    decimals: 3,
    read: (round) => round.oneConnection.parts.http,
  },
  {
    name: '  body, routing, queue',
    decimals: 3,
    read: (round) => round.oneConnection.parts.queue,
  },
  { name: '  tokenize', decimals: 3, read: (round) => round.oneConnection.parts.tokenize },
  {
    name: '  worker round trip',
    decimals: 3,
    read: (round) => round.oneConnection.parts.roundTrip,
  },
  { name: '  decode', decimals: 3, read: (round) => round.oneConnection.parts.decode },
];

const saturation: readonly Measure[] = [
  { name: 'requests/s', decimals: 0, read: (round) => round.saturation.requestsPerSecond },
  { name: 'p50 ms', decimals: 1, read: (round) => round.saturation.latencyMs.p50 },
  { name: 'p99 ms', decimals: 1, read: (round) => round.saturation.latencyMs.p99 },
  {
    name: 'CPU-ms a request, HTTP process',
    decimals: 3,
    read: (round) => round.saturation.cpuMsPerRequest.http,
  },
  {
    name: 'CPU-ms a request, workers',
    decimals: 3,
    read: (round) => round.saturation.cpuMsPerRequest.workers,
  },
  {
    name: 'CPU-ms a request, all',
    decimals: 3,
    read: (round) => round.saturation.cpuMsPerRequest.all,
  },
  {
    name: 'event-loop delay ms, p50',
    decimals: 2,
    read: (round) => round.saturation.eventLoopMs.p50,
  },
  {
    name: 'event-loop delay ms, p99',
    decimals: 2,
    read: (round) => round.saturation.eventLoopMs.p99,
  },
  {
    name: 'event-loop delay ms, greatest',
    decimals: 2,
    read: (round) => round.saturation.eventLoopMs.max,
  },
];

const targets: readonly (Target & Pick<Measure, 'read'>)[] = [
  {
    name: "ms added to ONNX Runtime's run with one connection, p50",
    decimals: 3,
    bound: { atMost: 0.6 },
    read: (round) => round.oneConnection.addedP50,
  },
  {
    name: 'ms of event-loop delay at saturation, p99, less the resolution',
    decimals: 2,
    bound: { atMost: 5 },
    read: (round) => round.saturation.eventLoopMs.p99,
  },
];

export interface OverheadReport {
  oneConnection: OverheadLine[];
  saturation: OverheadLine[];
  targets: TargetLine[];
}

export function reportOverhead(rounds: readonly OverheadRound[]): OverheadReport {
  const over = ({ name, decimals, read }: Measure): OverheadLine => ({
    name,
    decimals,
    spread: spreadOf(rounds.map(read)),
  });
  return {
    oneConnection: oneConnection.map(over),
    saturation: saturation.map(over),
    targets: targets.map(({ read, ...target }) => judge(target, spreadOf(rounds.map(read)))),
  };
}

export function formatLines(title: string, lines: readonly OverheadLine[]): string {
  return formatTable([
    [title, 'median (range)'],
    ...lines.map(({ name, decimals, spread }) => [name, formatSpread(spread, decimals)]),
  ]);
}
