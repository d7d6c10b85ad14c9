import { barsHeight, drawBars, type BarPanel } from './bars.js';
import { faintInk, ink } from './palette.js';
import { drawPanel, type Box, type Panel } from './panel.js';
import { element, escapeXml, text } from './svg.js';

interface Figure {
  title: string;
  /** Small lines below the title. */
  notes: readonly string[];
  /** One below the other, or row by row where there are two columns. */
  panels: readonly (Panel | BarPanel)[];
  columns?: 1 | 2;
}

const sheet = {
  1: { width: 960, panelHeight: 150, legend: 190 },
  2: { width: 1240, panelHeight: 190, legend: 180 },
} as const;
const titleSize = 18;
/** So many letters of a title fit into so many pixels at that size; a longer one is set smaller. */
const titleLetters = 76 / 960;
/** Room to the left of a panel, for the axis of y. */
const axisWidth = 76;
/** Room to the left of bars, for their names, and to the right, for their values. */
const barMargin = { left: 190, right: 180 };
/** Room of a panel for its title above and its axis below. */
const above = 34;
const below = 52;

/** A whole SVG document: the panels of a column are of the same width, so that their times line up. */
export function drawFigure({ title, notes, panels, columns = 1 }: Figure): string {
  const { width } = sheet[columns];
  const rows = rowsOf(panels, columns);
  const drawn: string[] = [];
  let top = 44 + 17 * notes.length;
  for (const row of rows) {
    const height = Math.max(...row.map((panel) => heightOf(panel, columns)));
    drawn.push(
      ...row.map((panel, column) => drawOne(panel, { column, columns, top: top + above, height })),
    );
    top += above + height + below;
  }
  const parts = [
    element('title', {}, escapeXml(title)),
    element('rect', { width, height: top, fill: '#FFFFFF' }),
    text(title, {
      x: 24,
      y: 32,
      'font-size': titleSize * Math.min(1, (titleLetters * width) / title.length),
      'font-weight': 600,
      fill: ink,
    }),
    ...notes.map((note, index) =>
      text(note, { x: 24, y: 54 + 17 * index, 'font-size': 12, fill: faintInk }),
    ),
    ...drawn,
  ];
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height: top,
    viewBox: `0 0 ${width} ${top}`,
    'font-family': 'Helvetica, Arial, "Liberation Sans", sans-serif',
    role: 'img',
  };
  return `${element('svg', root, `\n${parts.join('\n')}\n`)}\n`;
}

function rowsOf<T>(items: readonly T[], columns: number): T[][] {
  const rows = Math.ceil(items.length / columns);
  return Array.from({ length: rows }, (_, row) => items.slice(row * columns, (row + 1) * columns));
}

function heightOf(panel: Panel | BarPanel, columns: 1 | 2): number {
  return panel.kind === 'bars' ? barsHeight(panel) : sheet[columns].panelHeight;
}

interface Cell {
  column: number;
  columns: 1 | 2;
  top: number;
  height: number;
}

function drawOne(panel: Panel | BarPanel, { column, columns, top, height }: Cell): string {
  const { width, legend } = sheet[columns];
  const cellWidth = width / columns;
  const boxWithin = (left: number, right: number): Box => ({
    left: column * cellWidth + left,
    top,
    width: cellWidth - left - right,
    height,
  });
  return panel.kind === 'bars'
    ? drawBars(panel, boxWithin(barMargin.left, barMargin.right))
    : drawPanel(panel, boxWithin(axisWidth, legend));
}
