import { faintInk, ink } from './palette.js';
import { drawPanel, type Panel } from './panel.js';
import { element, escapeXml, text } from './svg.js';

interface Figure {
  title: string;
  /** Small lines below the title. */
  notes: readonly string[];
  panels: readonly Panel[];
}

const width = 960;
const panelHeight = 150;
const titleSize = 18;
/** So many letters of a title fit at that size; a longer one is set smaller. */
const titleLetters = 76;
const margin = { left: 76, right: 190 };
/** Room of a panel for its title above and its axis below. */
const above = 34;
const below = 52;

/** A whole SVG document: panels one below the other, of the same width, so that their times line up. */
export function drawFigure({ title, notes, panels }: Figure): string {
  const headHeight = 44 + 17 * notes.length;
  const height = headHeight + panels.length * (above + panelHeight + below);
  const drawn = panels.map((panel, index) =>
    drawPanel(panel, {
      left: margin.left,
      top: headHeight + above + index * (above + panelHeight + below),
      width: width - margin.left - margin.right,
      height: panelHeight,
    }),
  );
  const parts = [
    element('title', {}, escapeXml(title)),
    element('rect', { width, height, fill: '#FFFFFF' }),
    text(title, {
      x: 24,
      y: 32,
      'font-size': titleSize * Math.min(1, titleLetters / title.length),
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
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': 'Helvetica, Arial, "Liberation Sans", sans-serif',
    role: 'img',
  };
  return `${element('svg', root, `\n${parts.join('\n')}\n`)}\n`;
}
