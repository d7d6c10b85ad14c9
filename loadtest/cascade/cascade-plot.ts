import { linearAxis, roundedAxis } from '../plot/axis.js';
import { drawFigure } from '../plot/figure.js';
import { colorAt, faintInk, ink } from '../plot/palette.js';
import type { Series } from '../plot/panel.js';
import type { CascadePass } from './cascade-pass.js';
import { frontierOf } from './cascade-pass.js';
import { isSingle, type CascadeRow } from './cascade-report.js';

interface CascadesPlot {
  rows: readonly CascadeRow[];
  notes: readonly string[];
}

type Point = readonly [number, number];

/** F1 against processor time, medians: variants alone with what the best of them reach, and cascades; an SVG document. */
export function plotCascades({ rows, notes }: CascadesPlot): string {
  const f1s = rows.map(({ f1 }) => f1.median);
  const costs = rows.map(({ cpuMsPerText }) => cpuMsPerText.median);
  const x = roundedAxis({ label: 'CPU-ms a text', min: 0, max: Math.max(...costs) * 1.05 });
  const pad = Math.max((Math.max(...f1s) - Math.min(...f1s)) * 0.1, 0.001);
  const y = linearAxis({
    label: 'F1',
    min: Math.max(0, Math.min(...f1s) - pad),
    max: Math.max(...f1s) + pad,
  });
  return drawFigure({
    title: 'F1 against processor time: cascades and variants alone',
    notes: [
      ...notes,
      'Medians over the rounds. Dashed: the best F1 of a variant alone at no more processor time. At the dots of a cascade: its threshold.',
    ],
    panels: [
      {
        title:
          'Above the dashed line a cascade is better than any variant alone that takes no more',
        x,
        y,
        kind: 'lines',
        series: [frontierLine(rows, x.max), singlesDots(rows), ...cascadeLines(rows)],
      },
    ],
  });
}

/** A staircase: each variant's F1 until the next one's cost. */
function frontierLine(rows: readonly CascadeRow[], end: number): Series {
  const steps = frontierOf(rows.filter(isSingle).map(mediansOf));
  return {
    name: 'best alone',
    color: faintInk,
    dash: '5 3',
    points: steps.flatMap(({ cpuMsPerText, f1 }, index): Point[] => [
      [cpuMsPerText, f1],
      [steps[index + 1]?.cpuMsPerText ?? end, f1],
    ]),
  };
}

/** Gaps between the points keep them from being joined. */
function singlesDots(rows: readonly CascadeRow[]): Series {
  const singles = rows.filter(isSingle);
  return {
    name: 'variants alone',
    color: ink,
    dots: true,
    points: singles.flatMap((row): Point[] => [pointOf(row), [row.cpuMsPerText.median, NaN]]),
    words: singles.flatMap(({ name }) => [name, '']),
  };
}

function cascadeLines(rows: readonly CascadeRow[]): Series[] {
  const cascades = rows.filter((row) => !isSingle(row));
  const names = [...new Set(cascades.map(({ name }) => name))];
  return names.map((name, index) => {
    const ofPair = cascades
      .filter((row) => row.name === name)
      .sort((one, other) => one.cpuMsPerText.median - other.cpuMsPerText.median);
    const [first, second] = name.split(' > ');
    return {
      name: `${first} >`,
      details: [second!],
      color: colorAt(index),
      dots: true,
      points: ofPair.map(pointOf),
      words: ofPair.map(({ thresholdPercent }) => `${thresholdPercent! / 100}`),
    };
  });
}

function pointOf({ cpuMsPerText, f1 }: CascadeRow): Point {
  return [cpuMsPerText.median, f1.median];
}

function mediansOf(row: CascadeRow): CascadePass {
  const { name, thresholdPercent, outcomes } = row;
  return {
    ...{ name, thresholdPercent, outcomes },
    f1: row.f1.median,
    cpuMsPerText: row.cpuMsPerText.median,
    p50Ms: row.p50Ms.median,
  };
}
