import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plotBuilds } from '../../../../loadtest/builds/builds-plot.js';
import {
  formatBuildTimes,
  formatCycles,
  formatFile,
  formatServe,
  judgeBuilds,
  type BuildsFindings,
} from '../../../../loadtest/builds/builds-report.js';
import { cycleFiguresOf, type Holdings } from '../../../../loadtest/builds/cycle-builds.js';
import { runTimesOf } from '../../../../loadtest/builds/paired-runs.js';
import {
  figuresOfPair,
  sentLateOf,
  type ServePair,
  type ServeResult,
} from '../../../../loadtest/builds/serve-while-building.js';
import { timesOf, type BuildRun } from '../../../../loadtest/builds/time-builds.js';
import type { MeasuredLoad } from '../../../../loadtest/overload/measure-load.js';

function buildOf(total: number, peak: number | null = 300e6): BuildRun {
  const build = {
    ...{ id: 'b1', name: 'made', state: 'active', agreement: 0.99, error: null },
    timing_ms: { build: 800, gate: 500, warm: 700, total },
    peak_memory_bytes: peak,
  };
  const times = timesOf({ build, elapsedMs: total + 10 }, { parameters: 25e6 });
  return { ...times, sha256: 'ab', sizeBytes: 23e6, hasOwnCard: true };
}

function loadOf(inTimePercent: number, p99: number, { sentLate = false } = {}): MeasuredLoad {
  const all = { inTimePercent, metByGatewayPercent: inTimePercent + 0.5, latencyMs: { p99 } };
  const load = {
    name: `p99 ${p99}`,
    sendLagMs: {},
    sentLate,
    figures: sentLate ? undefined : { all },
  };
  return load as unknown as MeasuredLoad;
}

function pairOf(idle: MeasuredLoad, building: MeasuredLoad): ServePair {
  return { idle: { builds: 0, load: idle }, building: { builds: 4, load: building } };
}

function serveOf(...pairs: ServePair[]): ServeResult {
  const capacity = { perSecond: 200, byGatewayPerSecond: 210, percent: 100 };
  return { estimatePerSecond: 200, sweep: [], capacity, pairs };
}

function held(rssMiB: number, processes = 3, temporaryFiles = 0): Holdings {
  return { rssMiB, processes, temporaryFiles };
}

const run = { before: held(900), cycles: [held(950), held(1000), held(1010), held(1050)] };
const runTimes = [runTimesOf({ builtMs: [1, 2, 9], referenceMs: [2, 2, 8] })];
const f1 = [
  { split: 'validation', sentences: 10, built: 0.9455, reference: 0.947 },
  { split: 'test', sentences: 10, built: 0.8, reference: 0.9 },
];
const late = pairOf(loadOf(99, 10), loadOf(99, 12, { sentLate: true }));
const serve = serveOf(
  pairOf(loadOf(99.5, 10), loadOf(98.5, 12)),
  late,
  pairOf(loadOf(99.9, 10), loadOf(97, 18)),
);
const whole: BuildsFindings = {
  time: [buildOf(2000), buildOf(2200), buildOf(2700)],
  file: { runTimes, f1 },
  serve,
  cycles: cycleFiguresOf(run, 2),
};
const outcomes = (findings: BuildsFindings): [string, number | undefined, string][] =>
  judgeBuilds(findings).map(({ name, spread, outcome }) => [name, spread?.median, outcome]);

describe('the figures of builds', () => {
  it('takes the times of a build, and its memory in sizes of the fp32 weights', () => {
    const { activeMs, activeByGatewayMs, buildMs, gateMs, loadMs, peakOfFp32 } = buildOf(2000);

    assert.deepEqual([activeMs, activeByGatewayMs], [2010, 2000]);
    assert.deepEqual([buildMs, gateMs, loadMs], [800, 500, 700]);
    assert.equal(peakOfFp32, 3);
    assert.equal(buildOf(2000, null).peakOfFp32, null);
  });

  it('compares run times by their sums and text by text', () => {
    const { builtMs, referenceMs, ratio, pairedRatio } = runTimes[0]!;

    assert.deepEqual([builtMs, referenceMs], [2, 2]);
    assert.deepEqual([ratio, pairedRatio], [1, 1]);
    const slower = runTimesOf({ builtMs: [3, 3, 3], referenceMs: [2, 2, 4] });
    assert.deepEqual([slower.ratio, slower.pairedRatio], [9 / 8, 1.5]);
  });

  it('compares the windows of a pair, unless one of them was sent late', () => {
    assert.deepEqual(figuresOfPair(serve.pairs[0]!), {
      ...{ metPercent: 98.5, metByGatewayPercent: 99, metIdlePercent: 99.5 },
      ...{ p99Ms: 12, p99IdleMs: 10, p99Ratio: 1.2 },
    });
    assert.equal(figuresOfPair(late), undefined);
    assert.deepEqual(sentLateOf(serve), ['p99 12']);
  });

  it('compares memory at the end with that after the warm-up, and counts what is left', () => {
    assert.deepEqual(cycleFiguresOf(run, 2), {
      ...{ afterWarmUpMiB: 1000, lastMiB: 1050, memoryRatio: 1.05 },
      ...{ processesLeft: 0, filesLeft: 0 },
    });
    const leaking = { before: held(900, 3, 1), cycles: [held(950), held(1200, 4, 3)] };
    const { memoryRatio, processesLeft, filesLeft } = cycleFiguresOf(leaking, 1);
    assert.ok(Math.abs(memoryRatio - 1200 / 950) < 1e-12);
    assert.deepEqual([processesLeft, filesLeft], [1, 2]);
    assert.throws(() => cycleFiguresOf(run, 4), /4 cycles are not more than 4/);
  });

  it('judges each target by the median, F1 by the validation split', () => {
    assert.deepEqual(outcomes(whole), [
      ['s from request to active', 2.21, 'reached'],
      ['s of the build alone', 0.8, 'reached'],
      ['peak memory, sizes of the fp32 weights', 3, 'reached'],
      ['cards with digest and size of their own, share', 1, 'reached'],
      ["run time of the built file, of the Python file's", 1, 'reached'],
      ['F1 on validation, distance from the Python file', 0.947 - 0.9455, 'reached'],
      ['budgets met while building at 50 %, %', 97.75, 'missed'],
      ['p99 while building, of that without', 1.5, 'reached'],
      ['memory at the end, of that after the warm-up', 1.05, 'reached'],
      ['processes left', 0, 'reached'],
      ['files left', 0, 'reached'],
    ]);
  });

  it('says what was not measured', () => {
    assert.ok(outcomes({}).every(([, , outcome]) => outcome === 'not measured'));
    const [, , memory] = outcomes({ time: [buildOf(2000, null)] });
    assert.equal(memory![2], 'not measured');
    const allLate = outcomes({ serve: serveOf(late) });
    assert.equal(allLate[6]![2], 'not measured');
    const noF1 = outcomes({ file: { runTimes, f1: [] } });
    assert.deepEqual([noF1[4]![2], noF1[5]![2]], ['reached', 'not measured']);
  });

  it('has a table for each part', () => {
    assert.match(formatBuildTimes(whole.time!), /^builds: 3 +median \(range\)\n/);
    assert.match(
      formatBuildTimes(whole.time!),
      /request to active, by client, ms +2210 \(2010-2710\)/,
    );
    assert.match(formatBuildTimes([buildOf(2000, null)]), /peak memory, MB +-\n/);
    assert.match(formatFile(whole.file!), /validation +10 +0\.9455 +0\.9470 +0\.0015\n/);
    assert.match(formatFile({ runTimes, f1: [] }), /F1: not measured/);
    const lines = formatServe(serve).split('\n');
    assert.equal(lines[0], 'capacity 200.0 requests/s; offered in the windows: 100.0');
    assert.match(lines[3]!, /^1 +4 +98\.50 +99\.00 +99\.50 +12\.0 +10\.0 +1\.20$/);
    assert.match(lines[4]!, /^2 +4 +- +- +- +- +- +-$/);
    assert.match(formatServe({ ...serve, capacity: undefined, pairs: [] }), /not known/);
    assert.match(formatCycles(whole.cycles!, { cycles: 4, warmUp: 2 }), /after cycle 4 +1050\n/);
  });

  it('draws the parts that there are', () => {
    const plot = (parts: Partial<Parameters<typeof plotBuilds>[0]>) =>
      plotBuilds({
        ...{ title: 'Variants', notes: [], time: undefined, serve: undefined, cycles: undefined },
        ...parts,
      });
    const panels = (svg: string | undefined) => svg?.match(/font-size="13"/g)?.length;

    assert.equal(plot({}), undefined);
    assert.equal(panels(plot({ time: whole.time })), 1);
    assert.equal(panels(plot({ serve, cycles: { run, warmUp: 2 } })), 3);
    const all = plot({ time: whole.time, serve, cycles: { run, warmUp: 2 } })!;
    assert.doesNotMatch(all, /NaN|Infinity/);
  });
});
