import { placeOn, type Axis } from './axis.js';
import { faintInk, gridColor, ink, shadeColor } from './palette.js';
import { element, pixels, text } from './svg.js';

export interface Series {
  name: string;
  color: string;
  /** In the order of x. */
  points: readonly (readonly [x: number, y: number])[];
  /** An SVG dash pattern. */
  dash?: string;
  /** Of lines: a dot at each point. */
  dots?: boolean;
  /** Of lines with dots: a word at each point, in their order; none where it is empty. */
  words?: readonly string[];
  /** Of lines: a curve fitted to the points, drawn dashed; the line that joins the points is pale then. */
  fit?: readonly (readonly [x: number, y: number])[];
  /** Further lines in the legend, below the name. */
  details?: readonly string[];
}

export interface Panel {
  title: string;
  x: Axis;
  y: Axis;
  /**
   * `lines` joins points, `steps` holds a value until the next x, `stack` is steps one upon the other, filled, the first
   * at the bottom. A y of NaN is a gap, and nothing in a stack.
   */
  kind: 'lines' | 'steps' | 'stack';
  series: readonly Series[];
  /** A stretch of x that is shaded, and what it is. */
  shade?: { from: number; until: number; name: string } | undefined;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const paleOpacity = 0.35;

/** A panel with title above and legend to the right; the box is the plotting area alone. */
export function drawPanel(panel: Panel, box: Box): string {
  return [
    text(panel.title, {
      x: box.left,
      y: box.top - 12,
      'font-size': 13,
      'font-weight': 600,
      fill: ink,
    }),
    drawShade(panel, box),
    drawGrid(panel, box),
    ...(panel.kind === 'stack' ? drawStack(panel, box) : drawLines(panel, box)),
    drawLegend(panel, box),
  ].join('');
}

function drawShade({ shade, x }: Panel, box: Box): string {
  if (shade === undefined) return '';
  const [left, right] = [shade.from, shade.until].map((value) => xOf(x, box, value));
  return element('rect', {
    x: left!,
    y: box.top,
    width: right! - left!,
    height: box.height,
    fill: shadeColor,
  });
}

function drawGrid({ x, y }: Panel, box: Box): string {
  const bottom = box.top + box.height;
  const right = box.left + box.width;
  const small = { 'font-size': 11, fill: faintInk };
  const horizontal = y.ticks.map(({ at, label }) => {
    const height = yOf(y, box, at);
    return (
      element('line', { x1: box.left, x2: right, y1: height, y2: height, stroke: gridColor }) +
      text(label, { ...small, x: box.left - 7, y: height + 4, 'text-anchor': 'end' })
    );
  });
  const vertical = x.ticks.map(({ at, label }) => {
    const place = xOf(x, box, at);
    return (
      element('line', { x1: place, x2: place, y1: bottom, y2: bottom + 4, stroke: faintInk }) +
      text(label, { ...small, x: place, y: bottom + 17, 'text-anchor': 'middle' })
    );
  });
  const middle = box.top + box.height / 2;
  const labelX = box.left - 46;
  return [
    ...horizontal,
    ...vertical,
    element('line', { x1: box.left, x2: right, y1: bottom, y2: bottom, stroke: faintInk }),
    text(x.label, {
      ...small,
      x: box.left + box.width / 2,
      y: bottom + 33,
      'text-anchor': 'middle',
    }),
    text(y.label, {
      ...small,
      x: labelX,
      y: middle,
      'text-anchor': 'middle',
      transform: `rotate(-90 ${pixels(labelX)} ${pixels(middle)})`,
    }),
  ].join('');
}

function drawLines({ series, x, y, kind }: Panel, box: Box): string[] {
  const place = (points: Series['points']): [number, number][] =>
    points.map(([px, py]) => [xOf(x, box, px), Number.isNaN(py) ? NaN : yOf(y, box, py)]);
  const ends = { steps: kind === 'steps', endX: xOf(x, box, x.max) };
  return series.map(({ points, color, dash, dots = false, words = [], fit = [] }) => {
    const placed = place(points);
    const line = { fill: 'none', stroke: color };
    const curve = element('path', {
      d: linePath(placed, ends),
      ...line,
      'stroke-width': 1.8,
      'stroke-linejoin': 'round',
      'stroke-dasharray': dash,
      'stroke-opacity': fit.length === 0 ? undefined : paleOpacity,
    });
    const fitted = element('path', {
      d: linePath(place(fit), { ...ends, steps: false }),
      ...line,
      'stroke-width': 1.6,
      'stroke-dasharray': '6 3',
    });
    const known = placed.filter(([, py]) => !Number.isNaN(py));
    const said = placed.map(([px, py], index) =>
      Number.isNaN(py) || !words[index]
        ? ''
        : text(words[index], { x: px + 6, y: py - 6, 'font-size': 10, fill: faintInk }),
    );
    return [
      curve,
      fit.length === 0 ? '' : fitted,
      ...(dots ? known.map(([cx, cy]) => element('circle', { cx, cy, r: 3, fill: color })) : []),
      ...said,
    ].join('');
  });
}

function linePath(
  points: readonly (readonly [number, number])[],
  { steps, endX }: { steps: boolean; endX: number },
): string {
  const commands: string[] = [];
  let isDown = false;
  for (const [index, [px, py]] of points.entries()) {
    if (Number.isNaN(py)) {
      isDown = false;
      continue;
    }
    commands.push(`${isDown ? 'L' : 'M'}${pixels(px)} ${pixels(py)}`);
    if (steps) commands.push(`H${pixels(points[index + 1]?.[0] ?? endX)}`);
    isDown = true;
  }
  return commands.join('');
}

function drawStack({ series, x, y }: Panel, box: Box): string[] {
  const below = new Map<number, number>();
  return series.map(({ points, color }) => {
    const edges = points.map(([px, py], index) => {
      const bottom = below.get(px) ?? 0;
      const top = bottom + (Number.isNaN(py) ? 0 : py);
      below.set(px, top);
      const [left, right] = [px, points[index + 1]?.[0] ?? x.max].map((at) => xOf(x, box, at));
      return { left, right, top: yOf(y, box, top), bottom: yOf(y, box, bottom) };
    });
    const top = edges.map(({ left, right, top: at }) => `L${point(left!, at)}H${pixels(right!)}`);
    const bottom = edges
      .toReversed()
      .map(({ left, right, bottom: at }) => `L${point(right!, at)}H${pixels(left!)}`);
    const path = [...top, ...bottom].join('').replace(/^L/, 'M');
    return path === '' ? '' : element('path', { d: `${path}Z`, fill: color });
  });
}

/** Beside the panel; of a stack from top to bottom, as its parts lie. */
function drawLegend({ series, kind, shade }: Panel, box: Box): string {
  const left = box.left + box.width + 16;
  const entries = kind === 'stack' ? series.toReversed() : series;
  let next = box.top + 8;
  const lines = entries.map(({ name, color, dash, dots, details = [] }) => {
    const middle = next;
    next += 18 + 14 * details.length + (details.length > 0 ? 4 : 0);
    const mark =
      kind === 'stack'
        ? element('rect', { x: left, y: middle - 5, width: 18, height: 10, fill: color })
        : element('line', {
            ...{ x1: left, x2: left + 18, y1: middle, y2: middle },
            ...{ stroke: color, 'stroke-width': 2.4, 'stroke-dasharray': dash },
          });
    const dot =
      dots === true ? element('circle', { cx: left + 9, cy: middle, r: 3, fill: color }) : '';
    const words = { x: left + 25, 'font-size': 11 };
    return [
      mark,
      dot,
      text(name, { ...words, y: middle + 4, fill: ink }),
      ...details.map((detail, line) =>
        text(detail, { ...words, y: middle + 18 + 14 * line, fill: faintInk }),
      ),
    ].join('');
  });
  if (shade !== undefined) {
    lines.push(
      element('rect', {
        ...{ x: left, y: next - 5, width: 18, height: 10, fill: shadeColor, stroke: gridColor },
      }) + text(shade.name, { x: left + 25, y: next + 4, 'font-size': 11, fill: ink }),
    );
  }
  return lines.join('');
}

function xOf(axis: Axis, box: Box, value: number): number {
  return box.left + box.width * placeOn(axis, value);
}

function yOf(axis: Axis, box: Box, value: number): number {
  return box.top + box.height * (1 - placeOn(axis, value));
}

function point(x: number, y: number): string {
  return `${pixels(x)} ${pixels(y)}`;
}
