import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags, UsageError, type FlagSpec } from '../../../loadtest/flags.js';
import { describeFlags } from '../../../loadtest/help.js';

const spec = {
  seconds: { kind: 'number', default: 10, min: 1, max: 60, help: 'How long.' },
  threads: { kind: 'number', default: undefined, min: 1, max: 8, help: 'How many.' },
  connections: { kind: 'numbers', default: [1, 4], min: 1, max: 64, help: 'At once.' },
  scale: { kind: 'number', default: 1, min: 0.5, max: 9, fractions: true, help: 'By how much.' },
  shape: { kind: 'choice', options: ['steady', 'step'], default: 'steady', help: 'How.' },
  url: { kind: 'text', default: undefined, help: 'Where.' },
  arms: { kind: 'texts', default: ['full'], help: 'Which.' },
  cache: { kind: 'switch', help: 'Allow it.' },
} as const satisfies FlagSpec;

describe('parseFlags', () => {
  it('fills in the defaults', () => {
    assert.deepEqual(parseFlags([], spec), {
      seconds: 10,
      threads: undefined,
      connections: [1, 4],
      scale: 1,
      shape: 'steady',
      url: undefined,
      arms: ['full'],
      cache: false,
    });
  });

  it('reads every kind', () => {
    const args = ['--seconds=3', '--connections', '2, 8', '--arms', 'a,b', '--cache', '--url', 'u'];
    args.push('--scale', '1.5', '--shape', 'step');

    const flags = parseFlags(args, spec);

    assert.deepEqual(
      [flags.seconds, flags.connections, flags.arms, flags.cache, flags.url],
      [3, [2, 8], ['a', 'b'], true, 'u'],
    );
    assert.deepEqual([flags.scale, flags.shape], [1.5, 'step']);
  });

  const wrong: [string[], RegExp][] = [
    [['--secnds', '3'], /--secnds/],
    [['more'], /more/],
    [['--seconds'], /--seconds/],
    [['--seconds', '0'], /--seconds takes whole numbers from 1 to 60, not "0"/],
    [['--seconds', '1.5'], /not "1\.5"/],
    [['--seconds', ''], /--seconds/],
    [['--seconds', 'ten'], /not "ten"/],
    [['--scale', '0.4'], /--scale takes numbers from 0\.5 to 9, not "0\.4"/],
    [['--scale', 'Infinity'], /not "Infinity"/],
    [['--shape', 'square'], /--shape takes steady or step, not "square"/],
    [['--connections', '1,,2'], /--connections takes a list/],
    [['--connections', '1,65'], /not "65"/],
    [['--arms', 'a,a'], /--arms names something twice/],
    [['--url', ''], /--url needs a value/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses "${args.join(' ')}" and says what it takes`, () => {
      assert.throws(
        () => parseFlags(args, spec),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }
});

describe('describeFlags', () => {
  it('has a line for each flag with its default', () => {
    const lines = describeFlags(spec).split('\n');

    assert.equal(lines.length, 8);
    assert.match(lines[0]!, /^ {2}--seconds N +How long\. \[10\]$/);
    assert.match(lines[2]!, /--connections N,N +At once\. \[1,4\]$/);
    assert.match(lines[4]!, /--shape steady\|step +How\. \[steady\]$/);
    assert.match(lines[7]!, /--cache +Allow it\.$/);
  });
});
