import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linearAxis, logAxis, placeOn, roundedAxis } from '../../../../loadtest/plot/axis.js';

const label = 'x';
const labels = ({ ticks }: { ticks: readonly { label: string }[] }) =>
  ticks.map((tick) => tick.label);

describe('linearAxis', () => {
  it('has round ticks within its ends, with as many decimals as they need', () => {
    assert.deepEqual(labels(linearAxis({ label, min: 0, max: 292 })), ['0', '100', '200']);
    assert.deepEqual(labels(linearAxis({ label, min: 0, max: 20 })), ['0', '5', '10', '15', '20']);
    assert.deepEqual(labels(linearAxis({ label, min: 0.9, max: 1 })), [
      '0.90',
      '0.92',
      '0.94',
      '0.96',
      '0.98',
      '1.00',
    ]);
    assert.deepEqual(labels(linearAxis({ label, min: 0, max: 12.5 })), [
      '0.0',
      '2.5',
      '5.0',
      '7.5',
      '10.0',
      '12.5',
    ]);
  });

  it('has a width even where its ends are the same', () => {
    const axis = linearAxis({ label, min: 3, max: 3 });

    assert.equal(placeOn(axis, 3), 0);
    assert.ok(axis.max > axis.min);
  });
});

describe('roundedAxis', () => {
  it('ends at the next tick', () => {
    assert.equal(roundedAxis({ label, min: 0, max: 531 }).max, 600);
    assert.equal(roundedAxis({ label, min: 0, max: 600 }).max, 600);
    assert.equal(roundedAxis({ label, min: 0, max: 0 }).max, 0.2);
  });
});

describe('logAxis', () => {
  it('has ticks at 1, 2 and 5, from below the least to above the greatest', () => {
    assert.deepEqual(labels(logAxis({ label, min: 2.7, max: 80 })), [
      '2',
      '5',
      '10',
      '20',
      '50',
      '100',
    ]);
  });

  it('keeps to decades where there are many', () => {
    const axis = logAxis({ label, min: 0.2, max: 30_000 });

    assert.deepEqual(labels(axis), ['0.1', '1', '10', '100', '1000', '10000', '100000']);
  });

  it('has a tick at every digit where its ends are near to each other', () => {
    assert.deepEqual(labels(logAxis({ label, min: 210, max: 480 })), ['200', '300', '400', '500']);
    assert.deepEqual(labels(logAxis({ label, min: 30, max: 30 })), ['30', '40']);
  });

  it('puts equal ratios at equal distances, and refuses to begin at 0', () => {
    const axis = logAxis({ label, min: 1, max: 100 });

    assert.equal(placeOn(axis, 10), 0.5);
    assert.throws(() => logAxis({ label, min: 0, max: 1 }), /cannot begin at 0/);
  });
});

describe('placeOn', () => {
  it('puts what is beyond an axis on its ends', () => {
    const linear = linearAxis({ label, min: 10, max: 20 });
    const log = logAxis({ label, min: 1, max: 10 });

    assert.deepEqual(
      [9, 15, 21].map((value) => placeOn(linear, value)),
      [0, 0.5, 1],
    );
    assert.deepEqual(
      [0, 1, 11].map((value) => placeOn(log, value)),
      [0, 0, 1],
    );
  });
});
