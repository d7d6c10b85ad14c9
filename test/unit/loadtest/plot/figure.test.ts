import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linearAxis } from '../../../../loadtest/plot/axis.js';
import { drawFigure } from '../../../../loadtest/plot/figure.js';
import { drawPanel, type Panel } from '../../../../loadtest/plot/panel.js';

const box = { left: 0, top: 0, width: 100, height: 100 };
const axis = (label: string) => linearAxis({ label, min: 0, max: 10 });

function panelOf(kind: Panel['kind'], series: Panel['series']): Panel {
  return { title: 'a & b', x: axis('time (s)'), y: axis('share (%)'), kind, series };
}

const paths = (svg: string) => [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => path);

describe('drawPanel', () => {
  it('joins the points of a line and leaves a gap where there is no value', () => {
    const points = [
      [0, 0],
      [5, 10],
      [6, NaN],
      [7, 5],
      [10, 5],
    ] as const;
    const svg = drawPanel(panelOf('lines', [{ name: 'l', color: 'red', points }]), box);

    assert.deepEqual(paths(svg), ['M0 100L50 0M70 50L100 50']);
  });

  it('holds a step until the next one, and the last to the end', () => {
    const points = [
      [0, 0],
      [5, 10],
    ] as const;
    const svg = drawPanel(panelOf('steps', [{ name: 's', color: 'red', points }]), box);

    assert.deepEqual(paths(svg), ['M0 100H50L50 0H100']);
  });

  it('puts the parts of a stack upon each other', () => {
    const part = (y: number) => ({ name: `p${y}`, color: 'red', points: [[0, y]] as const });
    const svg = drawPanel(panelOf('stack', [part(2), part(3)]), box);

    assert.deepEqual(paths(svg), ['M0 80H100L100 100H0Z', 'M0 50H100L100 80H0Z']);
    assert.ok(svg.indexOf('>p3<') < svg.indexOf('>p2<'), 'the legend has the topmost part first');
  });

  it('shades a stretch and says what it is', () => {
    const shade = { from: 2, until: 4, name: 'burst' };
    const svg = drawPanel({ ...panelOf('steps', []), shade }, box);

    assert.match(svg, /<rect x="20" y="0" width="20" height="100"/);
    assert.match(svg, />burst<\/text>/);
  });
});

describe('drawFigure', () => {
  const svg = drawFigure({
    title: '5 < 6',
    notes: ['one note'],
    panels: [panelOf('steps', []), panelOf('stack', [])],
  });

  it('is one well-formed document with title, axes and units of each panel', () => {
    const open = [...svg.matchAll(/<(\w+)[^>]*[^/]>/g)].length;
    const closed = [...svg.matchAll(/<\/\w+>/g)].length;
    assert.equal(open, closed);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, /<title>5 &lt; 6<\/title>/);
    assert.equal([...svg.matchAll(/>a &amp; b</g)].length, 2);
    assert.equal([...svg.matchAll(/>time \(s\)</g)].length, 2);
    assert.equal([...svg.matchAll(/>share \(%\)</g)].length, 2);
    assert.match(svg, />one note</);
  });

  it('sets a title smaller that would not fit', () => {
    const sizeOf = (title: string) =>
      Number(/font-size="([\d.]+)"/.exec(drawFigure({ title, notes: [], panels: [] }))![1]);

    assert.equal(sizeOf('short'), 18);
    assert.equal(sizeOf('x'.repeat(152)), 9);
  });

  it('has nothing below its lower edge', () => {
    const height = Number(/ height="(\d+)"/.exec(svg)![1]);
    const lowest = Math.max(...[...svg.matchAll(/ y="([\d.]+)"/g)].map(([, y]) => Number(y)));

    assert.ok(lowest < height, `${lowest} of ${height}`);
  });
});
