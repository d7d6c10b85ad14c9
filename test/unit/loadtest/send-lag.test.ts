import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSendLag } from '../../../loadtest/send-lag.js';

const lags = (late: number) => Array.from({ length: 1000 }, (_, index) => (index < late ? 8 : 0.2));

describe('checkSendLag', () => {
  it('accepts a p99 of up to 5 ms, however late the worst was', () => {
    const { p50, p99, max } = checkSendLag(lags(10));

    assert.ok(Math.abs(p50 - 0.2) < 0.001 && Math.abs(p99 - 0.2) < 0.001);
    assert.ok(Math.abs(max - 8) < 0.01);
  });

  it('refuses one above it, and says by how much and what to do', () => {
    assert.throws(
      () => checkSendLag(lags(11)),
      /No result: the load generator sent late \(p99 8\.0 ms, at most 5 ms.*\n.*Lower the rate/,
    );
  });
});
