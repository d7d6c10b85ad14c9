import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnswerReserve } from '../../../src/gateway/answer-reserve.js';

/** Times between 0 and 1 ms, evenly spread, in a fixed shuffled order. */
const times = Array.from(
  { length: 4_000 },
  (_, i) => ((i * 2_654_435_761) % 4_294_967_296) / 2 ** 32,
);

describe('AnswerReserve', () => {
  it('settles where 95 % of the answers are quick enough', () => {
    const reserve = new AnswerReserve();
    for (const ms of times) reserve.observe(ms);
    assert.ok(Math.abs(reserve.ms - 0.95) < 0.06, `${reserve.ms} ms`);
  });

  it('is hardly moved by a single slow answer', () => {
    const reserve = new AnswerReserve();
    const before = reserve.ms;
    reserve.observe(5_000);
    assert.ok(reserve.ms - before <= 0.05);
  });

  it('follows a host that becomes slower', () => {
    const reserve = new AnswerReserve();
    for (const ms of times) reserve.observe(ms);
    for (const ms of times) reserve.observe(3 * ms);
    assert.ok(Math.abs(reserve.ms - 2.85) < 0.15, `${reserve.ms} ms`);
  });

  it('is never negative', () => {
    const reserve = new AnswerReserve();
    for (let i = 0; i < 10_000; i += 1) reserve.observe(0);
    assert.equal(reserve.ms, 0);
  });
});

describe('AnswerReserve with dispatches', () => {
  it('keeps free what the way to the worker takes beyond the usual, and not the usual', () => {
    const usual = new AnswerReserve();
    for (let i = 0; i < 2_000; i += 1) usual.observe(0.1, 1);
    assert.ok(usual.ms < 0.3, `${usual.ms} ms`);

    const uneven = new AnswerReserve();
    for (let i = 0; i < 4_000; i += 1) uneven.observe(0.1, i % 10 === 0 ? 3 : 0.5);
    assert.ok(uneven.ms > 1.5, `${uneven.ms} ms`);
  });
});
