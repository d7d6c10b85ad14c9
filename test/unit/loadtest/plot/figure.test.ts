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

  it('draws a fitted curve beside the points, which get dots, and says more about it in the legend', () => {
    const points = [
      [0, 0],
      [5, NaN],
      [10, 10],
    ] as const;
    const fit = [
      [0, 1],
      [10, 9],
    ] as const;
    const fitted = { name: 'l', color: 'red', points, dots: true, fit, details: ['slope .8'] };
    const svg = drawPanel(panelOf('lines', [fitted, { name: 'next', color: 'blue', points }]), box);

    assert.deepEqual(paths(svg).slice(0, 2), ['M0 100M100 0', 'M0 90L100 10']);
    const dots = [...svg.matchAll(/<circle cx="(\d+)" cy="(\d+)"/g)].map(([, x, y]) => [x, y]);
    assert.deepEqual(dots.slice(0, 2), [
      ['0', '100'],
      ['100', '0'],
    ]);
    const heightOf = (words: string) =>
      Number(new RegExp(`y="([\\d.]+)"[^>]*>${words}<`).exec(svg)![1]);
    assert.ok(heightOf('l') < heightOf('slope .8') && heightOf('slope .8') < heightOf('next'));
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

  it('puts two panels side by side where there are two columns, rows below each other', () => {
    const panels = ['a', 'b', 'c'].map((title) => ({ ...panelOf('lines', []), title }));
    const wide = drawFigure({ title: 't', notes: [], panels, columns: 2 });

    const places = ['a', 'b', 'c'].map((title) => {
      const [, x, y] = new RegExp(`x="([\\d.]+)" y="([\\d.]+)"[^>]*>${title}<`).exec(wide)!;
      return { x: Number(x), y: Number(y) };
    });
    assert.ok(places[0]!.x < places[1]!.x && places[0]!.y === places[1]!.y);
    assert.ok(places[2]!.x === places[0]!.x && places[2]!.y > places[0]!.y);
  });

  it('is as high as its bars need', () => {
    const x = axis('ms');
    const bar = { name: 'n', color: 'red', median: 1, min: 1, max: 1, label: '1' };
    const heightWith = (count: number) => {
      const bars = Array.from({ length: count }, () => bar);
      const panel = { title: 'b', kind: 'bars' as const, x, bars };
      return Number(
        / height="(\d+)"/.exec(drawFigure({ title: 't', notes: [], panels: [panel] }))![1],
      );
    };

    assert.ok(heightWith(8) > heightWith(2));
  });

  it('has nothing below its lower edge', () => {
    const height = Number(/ height="(\d+)"/.exec(svg)![1]);
    const lowest = Math.max(...[...svg.matchAll(/ y="([\d.]+)"/g)].map(([, y]) => Number(y)));

    assert.ok(lowest < height, `${lowest} of ${height}`);
  });
});
