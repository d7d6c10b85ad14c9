import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  cutTrace,
  parseTrace,
  readTrace,
  TraceError,
  traceProfile,
} from '../../../../loadtest/arrivals/trace-file.js';
import { formatTrace, generateTraces } from '../../../../loadtest/traces/generate-traces.js';

describe('parseTrace', () => {
  it('reads consecutive seconds from any first one, with either end of line', () => {
    assert.deepEqual(parseTrace('second,requests\r\n7,3\r\n8,0\r\n9, 2.5\r\n\r\n', 'f'), {
      firstSecond: 7,
      requests: [3, 0, 2.5],
    });
  });

  it('ignores a byte order mark', () => {
    assert.deepEqual(parseTrace('\ufeffsecond,requests\n0,1\n', 'f').requests, [1]);
  });

  const wrong: [string, string, RegExp][] = [
    [
      'another heading',
      'time,count\n0,1\n',
      /^f:1: expected the heading "second,requests"; found "time,count"$/,
    ],
    ['an empty file', '', /^f:1: expected the heading/],
    [
      'no second at all',
      'second,requests\n',
      /^f:2: expected a second and its requests, such as "0,12"; the file ends there$/,
    ],
    [
      'a word',
      'second,requests\n0,1\n1,many\n',
      /^f:3: expected a whole second and a number of requests of 0 or more.*found "1,many"$/,
    ],
    ['a missing cell', 'second,requests\n0,\n', /^f:2: .*found "0,"$/],
    ['a third cell', 'second,requests\n0,1,2\n', /^f:2: .*found "0,1,2"$/],
    ['a negative number', 'second,requests\n0,-1\n', /^f:2: .*found "0,-1"$/],
    ['a fraction of a second', 'second,requests\n0.5,1\n', /^f:2: .*found "0\.5,1"$/],
    ['an empty line between', 'second,requests\n0,1\n\n1,1\n', /^f:3: .*found ""$/],
    [
      'a gap',
      'second,requests\n0,1\n2,1\n',
      /^f:3: expected second 1, one line per second without gaps; found "2,1"$/,
    ],
  ];
  for (const [what, content, message] of wrong) {
    it(`refuses ${what} with file, line and what was expected`, () => {
      assert.throws(
        () => parseTrace(content, 'f'),
        (error) => error instanceof TraceError && message.test(error.message),
      );
    });
  }
});

describe('readTrace', () => {
  it('says that a file does not exist, and what it should be', () => {
    assert.throws(() => readTrace('no/such.csv'), /no\/such\.csv does not exist; a trace is a CSV/);
  });
});

describe('cutTrace', () => {
  const trace = { firstSecond: 10, requests: [1, 2, 0, 0, 5] };
  const cut = (fromSecond?: number, seconds?: number) => cutTrace(trace, { fromSecond, seconds });

  it('takes a window by the numbers of the trace, and all of it by default', () => {
    assert.deepEqual(cut(), trace);
    assert.deepEqual(cut(11, 2), { firstSecond: 11, requests: [2, 0] });
    assert.deepEqual(cut(13), { firstSecond: 13, requests: [0, 5] });
  });

  it('refuses what the trace does not have, and says what it has', () => {
    for (const [from, seconds] of [
      [9, 2],
      [15, 1],
      [13, 3],
    ]) {
      assert.throws(() => cut(from, seconds), /the trace has the seconds 10 to 14/);
    }
  });

  it('refuses a window without requests', () => {
    assert.throws(() => cut(12, 2), /the seconds 12 to 13 of the trace have no requests/);
  });
});

describe('traceProfile', () => {
  it('scales each second', () => {
    assert.deepEqual(traceProfile({ firstSecond: 3, requests: [2, 4] }, 0.5), [
      { seconds: 1, perSecond: 1 },
      { seconds: 1, perSecond: 2 },
    ]);
  });
});

describe('the traces that come with the project', () => {
  const traces = Object.entries(generateTraces());

  it('are what generating them again gives, byte for byte', () => {
    assert.equal(traces.length, 2);
    for (const [name, requests] of traces) {
      assert.equal(readFileSync(`loadtest/traces/${name}`, 'utf8'), formatTrace(requests), name);
      assert.deepEqual(readTrace(`loadtest/traces/${name}`), { firstSecond: 0, requests });
    }
  });

  it('have a busiest second of at least three times their mean', () => {
    for (const [name, requests] of traces) {
      const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
      assert.ok(Math.max(...requests) > 3 * mean, name);
    }
  });
});
