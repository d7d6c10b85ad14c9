import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { GatewayError } from '../../../src/errors.js';
import { LABELS } from '../../support/cards.js';
import { requestOf, startGateway, type TestGateway } from '../../support/gateways.js';
import type { NerOutcome, NerRequest, NerResult } from '../../../src/gateway/ner-request.js';

const open: TestGateway[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((started) => started.close()));
});

async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const started = await startGateway(options);
  open.push(started);
  return started;
}

function answered(outcome: NerOutcome | undefined): NerResult {
  assert.ok(outcome !== undefined);
  if (outcome instanceof GatewayError) throw outcome;
  return outcome;
}

async function metric(started: TestGateway, line: string): Promise<number> {
  const text = await started.metrics.render();
  const found = text.split('\n').find((row) => row.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}

/** Resolves when `holds` does. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `never: ${String(holds)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whose predictions leave so much between each other that a busy host changes no choice. */
const FAR_APART = {
  full: { f1: 0.93, profile: { a: 60_000, b: 0, c: 0 } },
  small: { f1: 0.88, profile: { a: 1, b: 0.01, c: 0 } },
};

describe('routing', () => {
  it('answers with the best variant when the budget allows it', async () => {
    const { gateway } = await start();
    const result = answered((await gateway.handle(requestOf()))[0]);
    assert.deepEqual(
      [result.variant, result.decision, result.budgetMet],
      ['full', 'best_fit', true],
    );
  });

  it('answers with a lesser variant within a tight budget', async () => {
    const { gateway } = await start({ variants: FAR_APART });
    const result = answered((await gateway.handle(requestOf({ budgetMs: 30_000 })))[0]);
    assert.deepEqual([result.variant, result.decision], ['small', 'degraded']);
  });

  it('answers late rather than not at all where the caller wants an answer anyway', async () => {
    const slow = { slow: { f1: 0.9, profile: { a: 60_000, b: 0, c: 0 } } };
    const { gateway } = await start({ variants: slow });
    // Late work is given up ten budgets after its arrival.
    const result = answered((await gateway.handle(requestOf({ budgetMs: 3_000 })))[0]);
    assert.equal(result.decision, 'fastest_available');
  });

  it('refuses at once where the caller wants no late answer', async () => {
    const slow = { slow: { f1: 0.9, profile: { a: 500, b: 0, c: 0 } } };
    const started = await start({ variants: slow });
    const request = requestOf({ budgetMs: 5, onMiss: 'reject', tier: 'realtime' });

    const [outcome] = await started.gateway.handle(request);

    assert.ok(outcome instanceof GatewayError);
    assert.equal(outcome.code, 'budget_unreachable');
    assert.equal(await metric(started, 'entier_budget_total{tier="realtime",result="shed"}'), 1);
  });

  it('keeps to a pinned variant', async () => {
    const { gateway } = await start();
    const result = answered((await gateway.handle(requestOf({ variant: 'small' })))[0]);
    assert.deepEqual([result.variant, result.decision], ['small', 'pinned']);
  });

  it('refuses a variant that does not serve and names those that do', async () => {
    const { gateway } = await start();
    await assert.rejects(gateway.handle(requestOf({ variant: 'huge' })), {
      code: 'unknown_variant',
      extra: { available: ['full', 'small'] },
    });
  });

  it('never undercuts min_f1, whatever the budget', async () => {
    const { gateway } = await start({ variants: FAR_APART });
    const request = requestOf({ budgetMs: 3_000, minF1: 0.9 });
    const result = answered((await gateway.handle(request))[0]);
    assert.equal(result.variant, 'full');
  });

  it('refuses a min_f1 that no variant reaches, pinned or not', async () => {
    const { gateway } = await start();
    for (const request of [
      requestOf({ minF1: 0.99 }),
      requestOf({ minF1: 0.9, variant: 'small' }),
    ]) {
      await assert.rejects(gateway.handle(request), {
        code: 'validation_failed',
        message: /\/min_f1: .*F1 0\.\d+/,
      });
    }
  });
});

describe('scores', () => {
  const profile = { a: 1, b: 0, c: 0 };
  // The fake worker gives one label of nine the logit 9 and the others 0; of these two words it is a B- label.
  const texts = ['The BBC'];
  const scoreAt = (temperature: number): number =>
    Math.exp(9 / temperature) / (Math.exp(9 / temperature) + LABELS.length - 1);
  const variants = {
    sober: { f1: 0.9, profile, temperature: 4 },
    plain: { f1: 0.8, profile },
  };

  it('are probabilities after the temperature of the variant that answers', async () => {
    const { gateway } = await start({ variants });
    const ask = async (variant: string): Promise<NerResult> =>
      answered((await gateway.handle(requestOf({ texts, variant })))[0]);

    const [sober, plain] = [await ask('sober'), await ask('plain')];

    assert.equal(sober.entities.length, 2);
    for (const { score } of sober.entities) assert.ok(Math.abs(score - scoreAt(4)) < 1e-9);
    for (const { score } of plain.entities) assert.ok(Math.abs(score - scoreAt(1)) < 1e-9);
    const places = ({ entities }: NerResult): unknown =>
      entities.map(({ label, start, end }) => [label, start, end]);
    assert.deepEqual(places(sober), places(plain));
  });

  it('are compared with the threshold after the temperature', async () => {
    const { gateway } = await start({ variants });
    const ask = async (variant: string): Promise<NerResult> =>
      answered((await gateway.handle(requestOf({ texts, variant, threshold: 0.9 })))[0]);

    assert.equal((await ask('sober')).entities.length, 0);
    assert.equal((await ask('plain')).entities.length, 2);
  });

  it('are what transformers means for its own aggregations', async () => {
    const { gateway } = await start({ variants });
    for (const aggregation of ['none', 'simple', 'first', 'average', 'max'] as const) {
      const result = answered((await gateway.handle(requestOf({ texts, aggregation })))[0]);

      assert.equal(result.variant, 'sober');
      assert.equal(result.entities.length, 2);
      for (const { score } of result.entities) assert.ok(Math.abs(score - scoreAt(1)) < 1e-6);
    }
  });
});

describe('the result cache', () => {
  it('answers an equal text again without a worker', async () => {
    const started = await start();
    const first = answered((await started.gateway.handle(requestOf()))[0]);
    const second = answered((await started.gateway.handle(requestOf({ offsetUnit: 'utf8' })))[0]);

    assert.deepEqual([first.cached, second.cached], [false, true]);
    assert.deepEqual([second.variant, second.decision], ['full', 'cached']);
    assert.deepEqual(second.entities, first.entities);
    assert.equal(await metric(started, 'entier_batch_jobs_count'), 1);
  });

  it('does not take a lesser old answer where routing would find a better one', async () => {
    const { gateway } = await start();
    await gateway.handle(requestOf({ variant: 'small' }));
    const result = answered((await gateway.handle(requestOf()))[0]);
    assert.deepEqual([result.variant, result.cached], ['full', false]);
  });

  it('takes a lesser old answer where routing would choose no better', async () => {
    const { gateway } = await start();
    await gateway.handle(requestOf({ variant: 'small' }));
    const result = answered((await gateway.handle(requestOf({ budgetMs: 15 })))[0]);
    assert.deepEqual([result.variant, result.cached], ['small', true]);
  });

  it('takes a better old answer than routing would choose now', async () => {
    const { gateway } = await start();
    await gateway.handle(requestOf({ variant: 'full' }));
    const result = answered((await gateway.handle(requestOf({ budgetMs: 15 })))[0]);
    assert.deepEqual([result.variant, result.cached], ['full', true]);
  });

  it('is passed by on request', async () => {
    const started = await start();
    await started.gateway.handle(requestOf());
    const result = answered((await started.gateway.handle(requestOf({ noCache: true })))[0]);
    assert.equal(result.cached, false);
    assert.equal(await metric(started, 'entier_cache_lookups_total{result="bypass"}'), 1);
  });

  it('runs equal texts that are in flight once', async () => {
    const started = await start();
    const requests = [1, 2, 3, 4].map(() => started.gateway.handle(requestOf()));
    const results = (await Promise.all(requests)).map(([outcome]) => answered(outcome));

    assert.equal(new Set(results.map(({ entities }) => JSON.stringify(entities))).size, 1);
    assert.equal(await metric(started, 'entier_batch_jobs_sum'), 1);
    assert.equal(await metric(started, 'entier_cache_lookups_total{result="shared"}'), 3);
  });
});

describe('equal texts in flight', () => {
  const SHARED = 'entier_cache_lookups_total{result="shared"}';

  /** A gateway whose only worker is held up, so that whatever is asked waits. */
  async function startHeld() {
    const started = await start();
    const ask = (change: Partial<NerRequest>): Promise<NerOutcome[]> =>
      started.gateway.handle(requestOf({ budgetMs: 60_000, ...change }));
    const asked = [ask({ texts: ['hold'] })];
    await until(() => started.dispatcher.size === 1);
    return {
      started,
      ask: (criticality: NerRequest['criticality']) => void asked.push(ask({ criticality })),
      /** Lets the worker go on; resolves when all are answered. */
      release: async (): Promise<void> => {
        for (const pid of started.pool.pids) process.kill(pid, 'SIGUSR2');
        for (const [outcome] of await Promise.all(asked)) answered(outcome);
      },
    };
  }

  it('are shared with callers who are as critical or less', async () => {
    const { started, ask, release } = await startHeld();

    ask('critical');
    await until(() => started.dispatcher.size === 2);
    for (const each of ['default', 'sheddable', 'critical'] as const) ask(each);
    await until(async () => (await metric(started, SHARED)) === 3);
    await release();

    assert.equal(await metric(started, 'entier_batch_jobs_sum'), 2);
  });

  it('are not shared with callers who are more critical: they would be displaced together', async () => {
    const { started, ask, release } = await startHeld();

    for (const [index, each] of (['sheddable', 'default', 'critical'] as const).entries()) {
      ask(each);
      await until(() => started.dispatcher.size === index + 2);
    }
    await release();

    assert.equal(await metric(started, SHARED), 0);
  });
});

describe('experiments', () => {
  const experiments = [
    {
      name: 'size',
      share: 1,
      seed: 'a',
      arms: [
        { name: 'big', variant: 'full', weight: 1 },
        { name: 'little', variant: 'small', weight: 1 },
      ],
    },
  ];

  it('holds a key to its arm and tells which one it is', async () => {
    const { gateway } = await start({ experiments });
    for (const key of ['user-1', 'user-2', 'user-3', 'user-4']) {
      const request = (): ReturnType<typeof requestOf> =>
        requestOf({ experimentKey: key, noCache: true });
      const [first, second] = [
        await gateway.handle(request()),
        await gateway.handle(request()),
      ].map(([outcome]) => answered(outcome));
      assert.deepEqual(first!.experiment, second!.experiment);
      assert.equal(first!.decision, 'experiment');
      assert.equal(first!.variant, first!.experiment?.arm === 'big' ? 'full' : 'small');
    }
    const total = gateway.experiments()[0]!.arms.reduce((sum, arm) => sum + arm.requests, 0);
    assert.equal(total, 8);
  });

  it('leaves pinned requests out', async () => {
    const { gateway } = await start({ experiments });
    for (let i = 0; i < 8; i += 1) {
      const request = requestOf({ variant: 'small', experimentKey: `user-${i}`, noCache: true });
      const { experiment, decision } = answered((await gateway.handle(request))[0]);
      assert.deepEqual([experiment, decision], [null, 'pinned']);
    }
  });

  it('leaves requests out whose min_f1 the arm does not reach', async () => {
    const { gateway } = await start({ experiments });
    const seen = new Set<string>();
    for (let i = 0; i < 20; i += 1) {
      const request = requestOf({ minF1: 0.9, experimentKey: `user-${i}` });
      const { experiment, variant } = answered((await gateway.handle(request))[0]);
      assert.equal(variant, 'full');
      seen.add(experiment?.arm ?? 'none');
    }
    assert.deepEqual([...seen].sort(), ['big', 'none']);
  });
});

describe('without a result cache', () => {
  it('texts that are asked at the same time get each its own answer', async () => {
    const { gateway } = await start({ cacheBytes: 0 });
    const texts = ['slow London', 'Paris and Angela Merkel'];

    const outcomes = await gateway.handle(requestOf({ texts, batched: true }));

    outcomes.forEach((outcome, index) => {
      for (const { text, start: from, end } of answered(outcome).entities) {
        assert.equal(texts[index]!.slice(from, end), text);
      }
    });
    const alone = answered((await gateway.handle(requestOf({ texts: [texts[1]!] })))[0]);
    assert.deepEqual(answered(outcomes[1]).entities, alone.entities);
  });
});

describe('failures', () => {
  it('runs the jobs of a dead worker again, once', async () => {
    const started = await start({ workers: 1 });
    const [outcome] = await started.gateway.handle(
      requestOf({ texts: ['crash'], budgetMs: 60_000 }),
    );
    assert.ok(outcome instanceof GatewayError);
    assert.equal(outcome.code, 'inference_failed');
    assert.equal(await metric(started, 'entier_worker_restarts_total{reason="crashed"}'), 2);

    answered((await started.gateway.handle(requestOf({ budgetMs: 60_000 })))[0]);
  });

  it('lets the other texts of a request be answered when one fails', async () => {
    const { gateway } = await start({ workers: 2 });
    const bad = 'refuse';
    const outcomes = await gateway.handle(
      requestOf({ texts: ['London', bad, 'Paris'], batched: true, budgetMs: 60_000 }),
    );
    const codes = outcomes.map((outcome) =>
      outcome instanceof GatewayError ? outcome.code : 'ok',
    );
    assert.deepEqual(codes, ['ok', 'inference_failed', 'ok']);
  });

  it('drops the queued work of a caller who hangs up', async () => {
    const started = await start();
    const busy = started.gateway.handle(requestOf({ texts: ['slow'] }));
    const caller = new AbortController();
    const left = started.gateway.handle(requestOf({ signal: caller.signal }));
    await new Promise((resolve) => setImmediate(resolve));

    caller.abort(new Error('hung up'));

    await assert.rejects(left, /hung up/);
    await busy;
    assert.equal(started.dispatcher.size, 0);
    assert.equal(await metric(started, 'entier_batch_jobs_sum'), 1);
  });

  it('finishes what it accepted while it drains, and takes no more', async () => {
    const { gateway } = await start();
    const accepted = gateway.handle(requestOf({ texts: ['slow'] }));
    const drained = gateway.drain();

    await assert.rejects(gateway.handle(requestOf()), { code: 'draining' });
    assert.equal(gateway.readiness().ready, false);
    await drained;
    answered((await accepted)[0]);
  });
});

describe('texts', () => {
  it('answers texts of no token', async () => {
    const { gateway } = await start();
    const outcomes = await gateway.handle(
      requestOf({ texts: ['', '   ', '\u0000'], batched: true }),
    );
    for (const outcome of outcomes) assert.deepEqual(answered(outcome).entities, []);
  });

  it('answers a long text as a whole, from overlapping windows', async () => {
    const { gateway } = await start({ workers: 2 });
    const short = 'Angela Merkel visited the BBC in London. ';
    const whole = answered((await gateway.handle(requestOf({ texts: [short] })))[0]);
    const long = answered(
      (await gateway.handle(requestOf({ texts: [short.repeat(60)], budgetMs: 60_000 })))[0],
    );

    assert.equal(long.entities.length, 60 * whole.entities.length);
    assert.equal(long.truncated, false);
    for (const { text, start: from, end } of long.entities) {
      assert.equal(short.repeat(60).slice(from, end), text);
    }
  });

  it('cuts a long text on request and says so', async () => {
    const { gateway } = await start();
    const request = requestOf({ texts: ['London '.repeat(200)], overflow: 'truncate' });
    const result = answered((await gateway.handle(request))[0]);
    assert.equal(result.truncated, true);
    assert.ok(result.entities.every(({ end }) => end <= 62 * 'London '.length));
  });

  it('refuses a long text on request and points to it', async () => {
    const { gateway } = await start();
    const long = 'London '.repeat(200);
    const texts = ['short', long, long];
    const [, , outcome] = await gateway.handle(
      requestOf({ texts, batched: true, overflow: 'error' }),
    );
    assert.ok(outcome instanceof GatewayError);
    assert.equal(outcome.extra.errors?.[0]?.pointer, '/texts/2');
  });

  it('keeps the labels and scores that were asked for', async () => {
    const { gateway } = await start();
    const all = answered((await gateway.handle(requestOf()))[0]).entities;
    assert.ok(all.length > 0);
    const { label } = all[0]!;
    const some = answered((await gateway.handle(requestOf({ labels: [label] })))[0]).entities;
    const none = answered((await gateway.handle(requestOf({ threshold: 1 })))[0]).entities;

    assert.deepEqual(
      some,
      all.filter((entity) => entity.label === label),
    );
    assert.deepEqual(none, []);
  });

  it('counts offsets in the unit that was asked for', async () => {
    const { gateway } = await start();
    const text = '😀 é Angela Merkel visited London.';
    for (const offsetUnit of ['codepoint', 'utf16', 'utf8'] as const) {
      const request = requestOf({ texts: [text], offsetUnit });
      for (const entity of answered((await gateway.handle(request))[0]).entities) {
        const cut = {
          codepoint: () => [...text].slice(entity.start, entity.end).join(''),
          utf16: () => text.slice(entity.start, entity.end),
          utf8: () => Buffer.from(text).subarray(entity.start, entity.end).toString(),
        }[offsetUnit]();
        assert.equal(cut, entity.text);
      }
    }
  });
});
