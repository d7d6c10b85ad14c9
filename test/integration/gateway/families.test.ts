import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { requestOf, startGateway, VARIANTS, type TestGateway } from '../../support/gateways.js';
import type { NerResult } from '../../../src/gateway/ner-request.js';

const TEXTS = ['Angela Merkel visited London.'];

describe('a gateway of two families', () => {
  let running: TestGateway;

  before(async () => {
    running = await startGateway({
      variants: {
        ...VARIANTS,
        drugs: {
          f1: 0.5,
          profile: { a: 1, b: 0, c: 0 },
          card: { labels: ['O', 'B-DRUG', 'I-DRUG'], quality: null },
        },
      },
      cacheBytes: 0,
    });
  });
  after(() => running.close());

  const answer = async (variant?: string): Promise<NerResult> => {
    const [outcome] = await running.gateway.handle(requestOf({ texts: TEXTS, variant }));
    assert.ok(outcome !== undefined && !(outcome instanceof Error), 'an answer was expected');
    return outcome;
  };

  it('answers from the first family where no variant is named', async () => {
    const { variant, entities } = await answer();
    assert.equal(variant, 'full');
    assert.ok(entities.every(({ label }) => ['PER', 'ORG', 'LOC', 'MISC'].includes(label)));
  });

  it('decodes with the labels of the variant that is named', async () => {
    const { variant, entities } = await answer('drugs');
    assert.equal(variant, 'drugs');
    assert.ok(entities.length > 0);
    assert.ok(entities.every(({ label }) => label === 'DRUG'));
  });

  it('answers both side by side', async () => {
    const names = ['drugs', undefined, 'small', 'drugs', undefined, 'drugs'];
    const answers = await Promise.all(names.map(answer));
    const expected = ['drugs', 'full', 'small', 'drugs', 'full', 'drugs'];
    assert.deepEqual(
      answers.map(({ variant }) => variant),
      expected,
    );
  });
});
