import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatNumber, formatSpread, formatTable } from '../../../loadtest/table.js';

it('formatTable puts the first column to the left and numbers to the right', () => {
  const rows = [
    ['tier', 'req/s'],
    ['standard', '9'],
  ];

  assert.equal(formatTable(rows), 'tier      req/s\n---------------\nstandard      9');
});

it('formatTable puts other columns of names to the left too', () => {
  const rows = [
    ['a', 'side', 'n'],
    ['b', 'x', '12'],
  ];

  assert.equal(formatTable(rows, [1]), 'a  side   n\n-----------\nb  x     12');
});

it('formatNumber shows a dash where there is no number', () => {
  assert.deepEqual(
    [formatNumber(1.26, 1), formatNumber(NaN, 1), formatNumber(null, 1)],
    ['1.3', '-', '-'],
  );
});

it('formatSpread shows median and range, the median alone where there is no range, a dash for none', () => {
  const spread = (median: number, min: number, max: number) => ({ median, min, max });

  assert.deepEqual(
    [spread(2.46, 2, 3), spread(2, 2, 2), spread(-1, -2, 1), null].map((one) =>
      formatSpread(one, 1),
    ),
    ['2.5 (2.0-3.0)', '2.0', '-1.0 (-2.0 to 1.0)', '-'],
  );
});
