import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cheapestBand } from '../../../src/scheduling/length-band.js';

/** 1.5 ms a run and .04 ms a token: sharing a run is worth 37 tokens of padding. */
const runMs = (jobs: number, length: number): number => 1.5 + 0.04 * jobs * length;
const limits = { maxJobs: 16, maxTokens: 4096, runMs };

describe('cheapestBand', () => {
  test('keeps to lengths like the seed, and leaves long windows to a batch of their own', () => {
    assert.deepEqual(cheapestBand(20, [15, 16, 18, 22, 25, 60, 62, 90], limits), {
      shortest: 15,
      longest: 22,
    });
    assert.deepEqual(cheapestBand(62, [15, 16, 18, 20, 22, 60, 90], limits), {
      shortest: 60,
      longest: 62,
    });
  });

  test('is the seed alone where nothing else waits or fits', () => {
    assert.deepEqual(cheapestBand(20, [], limits), { shortest: 20, longest: 20 });
    assert.deepEqual(cheapestBand(20, [20, 20], { ...limits, maxJobs: 1 }), {
      shortest: 20,
      longest: 20,
    });
    assert.deepEqual(cheapestBand(20, [21], { ...limits, maxTokens: 40 }), {
      shortest: 20,
      longest: 20,
    });
  });

  test('takes what lies nearest where there is room for few', () => {
    assert.deepEqual(cheapestBand(20, [12, 19, 30], { ...limits, maxJobs: 2 }), {
      shortest: 19,
      longest: 20,
    });
  });

  test('costs no greater share of the runs one by one than any other band', () => {
    const length = fc.integer({ min: 2, max: 200 });
    fc.assert(
      fc.property(length, fc.array(length, { maxLength: 8 }), (seed, others) => {
        const share = (shortest: number, longest: number): number => {
          const jobs = [seed, ...others.filter((each) => each >= shortest && each <= longest)];
          const aloneMs = jobs.reduce((sum, tokens) => sum + runMs(1, tokens), 0);
          return runMs(jobs.length, Math.max(...jobs)) / aloneMs;
        };
        const found = cheapestBand(seed, others, limits);
        const foundShare = share(found.shortest, found.longest);
        for (const shortest of [seed, ...others].filter((each) => each <= seed)) {
          for (const longest of [seed, ...others].filter((each) => each >= seed)) {
            assert.ok(foundShare <= share(shortest, longest) + 1e-9);
          }
        }
      }),
    );
  });
});
