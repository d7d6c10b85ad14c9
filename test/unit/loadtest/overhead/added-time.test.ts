import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addedTimeOf, pairTexts, partsOf } from '../../../../loadtest/overhead/added-time.js';
import type { TimedRequest } from '../../../../loadtest/overhead/gateway-pass.js';

/** Two ms of inference, one of all else in the gateway, half a ms outside of it. */
function requestOf(latencyMs: number): TimedRequest {
  const total = latencyMs - 0.5;
  return { latencyMs, timing: { tokenize: 0.25, queue: 0.5, inference: total - 1, total } };
}

describe('pairTexts', () => {
  it('puts the request and the run of each text together, and counts those without an answer', () => {
    const { pairs, failures } = pairTexts([requestOf(3), 'overloaded', requestOf(5)], [1, 2, 3]);

    assert.deepEqual(
      pairs.map(({ request, rawMs }) => [request.latencyMs, rawMs]),
      [
        [3, 1],
        [5, 3],
      ],
    );
    assert.deepEqual(failures, ['overloaded']);
  });

  it('refuses passes over different texts', () => {
    assert.throws(() => pairTexts([requestOf(3)], [1, 2]), /1 requests and 2 runs are no pairs/);
  });
});

describe('partsOf', () => {
  it('takes the added time of a text apart into parts that add up to it', () => {
    const pair = { request: requestOf(4), rawMs: 1.5 };

    const parts = partsOf(pair);

    assert.deepEqual(parts, {
      http: 0.5,
      tokenize: 0.25,
      queue: 0.5,
      roundTrip: 1,
      decode: 0.25,
    });
    const sum = Object.values(parts).reduce((total, part) => total + part, 0);
    assert.equal(sum, pair.request.latencyMs - pair.rawMs);
  });
});

describe('addedTimeOf', () => {
  it('has the difference of the medians, and the median of the differences', () => {
    const pairs = [
      { request: requestOf(3), rawMs: 2 },
      { request: requestOf(4), rawMs: 1 },
      { request: requestOf(9), rawMs: 8.5 },
    ];

    const added = addedTimeOf(pairs, ['overloaded', 'overloaded']);

    assert.deepEqual(
      [added.texts, added.gatewayP50, added.rawP50, added.addedP50, added.pairedP50],
      [3, 4, 2, 2, 1],
    );
    assert.equal(added.parts.queue, 0.5);
    assert.deepEqual(added.failures, { overloaded: 2 });
  });

  it('says why where nothing was answered', () => {
    assert.throws(
      () => addedTimeOf([], ['draining']),
      /the gateway answered no text: \{"draining":1\}/,
    );
  });
});
