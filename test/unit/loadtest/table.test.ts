import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatNumber, formatTable } from '../../../loadtest/table.js';

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
