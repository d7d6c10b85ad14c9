import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { GatewayError } from '../../../src/errors.js';
import { requestOf, startGateway, VARIANTS, type TestGateway } from '../../support/gateways.js';
import type { NerOutcome, NerRequest, NerResult } from '../../../src/gateway/ner-request.js';

const open: TestGateway[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((started) => started.close()));
});

/** At this temperature the fake worker's logits have a margin of .485, which means an error probability of .212. */
const UNSURE = { ...VARIANTS, small: { ...VARIANTS.small!, temperature: 4 } };
const STOP = { maxErrorProbability: 0.5 };
const GO_ON = { maxErrorProbability: 0.1 };

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const started = await startGateway({ variants: UNSURE, ...options });
  open.push(started);
  return started;
}

async function ask(started: TestGateway, change: Partial<NerRequest> = {}): Promise<NerResult> {
  const [outcome] = await started.gateway.handle(requestOf({ cascade: GO_ON, ...change }));
  return answered(outcome);
}

function answered(outcome: NerOutcome | undefined): NerResult {
  assert.ok(outcome !== undefined);
  if (outcome instanceof GatewayError) throw outcome;
  return outcome;
}

function outlineOf({ variant, decision, cascade }: NerResult) {
  return [variant, decision, cascade?.outcome, cascade?.stages.map((stage) => stage.variant)];
}

async function metric(started: TestGateway, line: string): Promise<number> {
  const text = await started.metrics.render();
  const found = text.split('\n').find((row) => row.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}

describe('a cascade', () => {
  it('answers from the cheap variant where that is probably right', async () => {
    const started = await start();

    const found = await ask(started, { cascade: STOP });

    assert.deepEqual(outlineOf(found), ['small', 'confident', 'sufficed', ['small']]);
    assert.ok(Math.abs(found.cascade!.stages[0]!.errorProbability! - 0.2117) < 1e-3);
    assert.equal(await metric(started, 'entier_cascade_total{outcome="sufficed"}'), 1);
    assert.equal(
      await metric(started, 'entier_decisions_total{variant="small",reason="confident"}'),
      1,
    );
  });

  it('answers from a better variant where the cheap one is probably wrong', async () => {
    const started = await start();

    const found = await ask(started);

    assert.deepEqual(outlineOf(found), ['full', 'best_fit', 'improved', ['small', 'full']]);
    assert.equal(found.cascade!.stages[1]!.errorProbability, null, 'its card does not tell');
    assert.equal(await metric(started, 'entier_cascade_total{outcome="improved"}'), 1);
    const plain = await ask(started, { cascade: undefined, variant: 'full', noCache: true });
    assert.deepEqual(found.entities, plain.entities);
  });

  it('counts the runs of both stages as inference, and nothing twice', async () => {
    const { timing } = await ask(await start());

    const { tokenizeMs, queueMs, inferenceMs, totalMs } = timing;
    assert.ok(inferenceMs > 0 && queueMs >= 0);
    assert.ok(tokenizeMs + queueMs + inferenceMs <= totalMs + 1e-6);
  });

  it('is routed as usual where the budget is too tight for two stages', async () => {
    // Seconds, which no test takes: only what is predicted decides, however busy the host is.
    const full = { ...VARIANTS.full!, profile: { a: 60_000, b: 0, c: 0 } };
    const started = await start({ variants: { ...UNSURE, full } });

    const found = await ask(started, { budgetMs: 45_000 });

    assert.deepEqual(outlineOf(found), ['small', 'degraded', 'one_stage', []]);
  });

  it('is routed as usual where the allowed variants make no cascade', async () => {
    const uncalibrated = await start({ variants: VARIANTS });
    assert.deepEqual(outlineOf(await ask(uncalibrated)), ['full', 'best_fit', 'unavailable', []]);

    const started = await start();
    const good = await ask(started, { minF1: 0.9 });
    assert.deepEqual(outlineOf(good), ['full', 'best_fit', 'unavailable', []]);
  });

  it('gives the first answer where no time is left for a second', async () => {
    const started = await start();

    const found = await ask(started, { texts: ['slow'], budgetMs: 100 });

    assert.deepEqual(outlineOf(found), ['small', 'degraded', 'no_slack', ['small']]);
    assert.equal(started.dispatcher.size, 0);
  });

  it('gives the first answer where the second one takes too long', async () => {
    const started = await start({ workers: 2 });

    const found = await ask(started, { texts: ['slow'], budgetMs: 270 });

    assert.deepEqual(outlineOf(found), ['small', 'degraded', 'cut_off', ['small']]);
  });

  it('leaves pins and experiments alone', async () => {
    const arms = [{ name: 'only', variant: 'small', weight: 1 }];
    const started = await start({ experiments: [{ name: 'x', arms, share: 1, seed: '1' }] });

    const assigned = await ask(started);
    const pinned = await ask(started, { variant: 'small', noCache: true });

    assert.deepEqual(outlineOf(assigned), ['small', 'experiment', undefined, undefined]);
    assert.deepEqual(outlineOf(pinned), ['small', 'pinned', undefined, undefined]);
  });

  it('works with every aggregation and for long texts', async () => {
    const started = await start({ workers: 2 });
    for (const aggregation of ['none', 'simple', 'first', 'average', 'max'] as const) {
      const found = await ask(started, { aggregation });
      assert.deepEqual(outlineOf(found), ['full', 'best_fit', 'improved', ['small', 'full']]);
    }
    const texts = ['Angela Merkel visited the BBC in London. '.repeat(60)];
    for (const overflow of ['chunk', 'truncate'] as const) {
      const long = await ask(started, { texts, overflow, budgetMs: 60_000 });
      assert.equal(long.cascade!.outcome, 'improved');
      assert.equal(long.truncated, overflow === 'truncate');
    }
  });

  it('lets each of several texts fail or go on for itself', async () => {
    const { gateway } = await start({ workers: 2 });

    const outcomes = await gateway.handle(
      requestOf({
        texts: ['London', 'refuse', 'Paris'],
        batched: true,
        budgetMs: 60_000,
        cascade: GO_ON,
      }),
    );

    assert.ok(outcomes[1] instanceof GatewayError && outcomes[1].code === 'inference_failed');
    for (const index of [0, 2]) assert.equal(answered(outcomes[index]).variant, 'full');
  });

  it('drops its second stage when the caller hangs up', async () => {
    const started = await start();
    const caller = new AbortController();
    const left = started.gateway.handle(
      requestOf({ texts: ['slow'], budgetMs: 60_000, cascade: GO_ON, signal: caller.signal }),
    );
    const runs = async (): Promise<number> => metric(started, 'entier_batch_jobs_count');
    while ((await runs()) < 2) await new Promise((resolve) => setImmediate(resolve));

    caller.abort(new Error('hung up'));

    await assert.rejects(left, /hung up/);
    assert.equal(started.dispatcher.size, 0);
  });
});

describe('the result cache and cascades', () => {
  it('finds a first answer again that sufficed, with its error probability', async () => {
    const started = await start();
    const first = await ask(started, { cascade: STOP });

    const again = await ask(started, { cascade: STOP });

    assert.deepEqual(outlineOf(again), ['small', 'cached', 'cached', ['small']]);
    assert.deepEqual(again.entities, first.entities);
    assert.deepEqual(again.cascade!.stages, first.cascade!.stages);
    assert.equal(await metric(started, 'entier_cascade_total{outcome="cached"}'), 1);
  });

  it('does not take a first answer for one that a stricter caller would go on from', async () => {
    const started = await start();
    await ask(started, { cascade: STOP });

    const strict = await ask(started);

    assert.deepEqual(outlineOf(strict), ['full', 'best_fit', 'improved', ['small', 'full']]);
  });

  it('does not take a first answer of which nobody knows how likely it is wrong', async () => {
    const started = await start();
    await ask(started, { cascade: undefined, variant: 'small' });

    const found = await ask(started, { cascade: STOP });

    assert.deepEqual(outlineOf(found), ['small', 'confident', 'sufficed', ['small']]);
  });

  it('keeps an improved answer as that of the variant that gave it', async () => {
    const started = await start();
    await ask(started);

    assert.equal((await ask(started)).decision, 'cached');
    assert.equal((await ask(started, { cascade: undefined })).variant, 'full');
    const small = await ask(started, { cascade: undefined, variant: 'small' });
    assert.equal(small.cached, false);
  });

  it('does not answer policy best with a first answer', async () => {
    const started = await start();
    await ask(started, { cascade: STOP });

    const best = await ask(started, { cascade: undefined });

    assert.deepEqual(outlineOf(best), ['full', 'best_fit', undefined, undefined]);
  });

  it('runs equal texts that are in flight through one cascade', async () => {
    const started = await start();
    const requests = Array.from({ length: 3 }, () => ask(started));

    const found = await Promise.all(requests);

    for (const each of found) assert.equal(each.cascade!.outcome, 'improved');
    assert.equal(await metric(started, 'entier_batch_jobs_sum'), 2);
    assert.equal(await metric(started, 'entier_cascade_total{outcome="improved"}'), 3);
  });

  it('does not share a cascade with another threshold or policy', async () => {
    const started = await start();

    const found = await Promise.all([
      ask(started),
      ask(started, { cascade: STOP }),
      ask(started, { cascade: undefined }),
    ]);

    assert.deepEqual(
      found.map(({ cascade }) => cascade?.outcome),
      ['improved', 'sufficed', undefined],
    );
  });

  it('is passed by on request', async () => {
    const started = await start();
    await ask(started);

    assert.equal((await ask(started, { noCache: true })).cascade!.outcome, 'improved');
  });
});
