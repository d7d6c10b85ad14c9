import { placeOn, type Axis } from './axis.js';
import { faintInk, gridColor, ink } from './palette.js';
import type { Box } from './panel.js';
import { element, text } from './svg.js';

export interface Bar {
  name: string;
  color: string;
  /** Only its outline is drawn, dashed: what is no competitor, such as a limit. */
  hollow?: boolean;
  median: number;
  /** The ends of the whisker. */
  min: number;
  max: number;
  /** Written behind the bar. */
  label: string;
}

/** Horizontal bars from 0, one below the other, so that long names stay readable. */
export interface BarPanel {
  title: string;
  kind: 'bars';
  /** From 0. */
  x: Axis;
  bars: readonly Bar[];
}

const rowHeight = 26;
const barHeight = 15;
const whiskerHeight = 9;

/** The height of the plotting area. */
export function barsHeight({ bars }: BarPanel): number {
  return rowHeight * bars.length;
}

/** The box is the plotting area: names go to its left, values into it behind the bars or to its right. */
export function drawBars({ title, x, bars }: BarPanel, box: Box): string {
  const bottom = box.top + box.height;
  const placeOf = (value: number): number => box.left + box.width * placeOn(x, value);
  const small = { 'font-size': 11, fill: faintInk };
  const grid = x.ticks.map(({ at, label }) => {
    const place = placeOf(at);
    return (
      element('line', { x1: place, x2: place, y1: box.top, y2: bottom, stroke: gridColor }) +
      text(label, { ...small, x: place, y: bottom + 17, 'text-anchor': 'middle' })
    );
  });
  const rows = bars.map((bar, index) => {
    const middle = box.top + rowHeight * (index + 0.5);
    return drawBar(bar, { middle, left: box.left, placeOf });
  });
  return [
    text(title, {
      x: box.left,
      y: box.top - 12,
      'font-size': 13,
      'font-weight': 600,
      fill: ink,
    }),
    ...grid,
    ...rows,
    element('line', { x1: box.left, x2: box.left, y1: box.top, y2: bottom, stroke: faintInk }),
    text(x.label, {
      ...small,
      x: box.left + box.width / 2,
      y: bottom + 33,
      'text-anchor': 'middle',
    }),
  ].join('');
}

interface Row {
  middle: number;
  left: number;
  placeOf: (value: number) => number;
}

function drawBar(bar: Bar, { middle, left, placeOf }: Row): string {
  const { name, color, hollow = false, median, min, max, label } = bar;
  const [low, high] = [placeOf(min), placeOf(max)];
  const line = { stroke: ink, 'stroke-width': 1.2 };
  const ends = [low, high].map((place) =>
    element('line', {
      ...line,
      x1: place,
      x2: place,
      y1: middle - whiskerHeight / 2,
      y2: middle + whiskerHeight / 2,
    }),
  );
  const look = hollow
    ? { fill: '#FFFFFF', stroke: color, 'stroke-dasharray': '4 3' }
    : { fill: color };
  return [
    text(name, {
      x: left - 9,
      y: middle + 4,
      'font-size': 12,
      'text-anchor': 'end',
      fill: ink,
    }),
    element('rect', {
      x: left,
      y: middle - barHeight / 2,
      width: placeOf(median) - left,
      height: barHeight,
      ...look,
    }),
    element('line', { ...line, x1: low, x2: high, y1: middle, y2: middle }),
    ...ends,
    text(label, { x: high + 8, y: middle + 4, 'font-size': 11, fill: ink }),
  ].join('');
}
