import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configHelp, printableConfig } from '../../src/config-help.js';
import { ConfigError, loadConfig } from '../../src/config.js';
import { nearest, VARIABLES } from '../../src/config-sources.js';

type Env = Record<string, string>;

function load(env: Env = {}, files: Record<string, unknown> = {}) {
  const readFile = (path: string): string | undefined => {
    if (!Object.hasOwn(files, path)) return undefined;
    return typeof files[path] === 'string' ? files[path] : JSON.stringify(files[path]);
  };
  return loadConfig({ env, readFile });
}

function problemsOf(env: Env, file?: unknown): readonly string[] {
  try {
    load(env, file === undefined ? {} : { 'entier.config.json': file });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return assert.fail('expected a ConfigError');
}

const arm = (name: string, weight = 1): object => ({ name, variant: 'full', weight });

describe('loadConfig', () => {
  it('fills everything in from nothing', () => {
    const config = load();

    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.port, 8080);
    assert.equal(config.workers, 'auto');
    assert.deepEqual(config.tiers, { realtime: 10, interactive: 50, standard: 200, batch: 2000 });
    assert.deepEqual(config.limits, {
      maxBodyBytes: 262_144,
      maxTexts: 128,
      maxBudgetMs: 600_000,
      maxQueuedTokens: 2_000_000,
      maxStreams: 64,
    });
  });

  it('is frozen all the way down', () => {
    const config = load();

    assert.ok(
      Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.tiers),
    );
  });

  it('lets the environment win over the file', () => {
    const files = { 'entier.config.json': { port: 1, threads: 3 } };

    const { port, threads, workers } = load({ PORT: '2', ENTIER_WORKERS: '4' }, files);

    assert.deepEqual({ port, threads, workers }, { port: 2, threads: 3, workers: 4 });
  });

  it('reads the file that ENTIER_CONFIG names', () => {
    const { defaultTier } = load(
      { ENTIER_CONFIG: 'etc/x.json' },
      { 'etc/x.json': { defaultTier: 'batch' } },
    );

    assert.equal(defaultTier, 'batch');
  });

  it('takes a variable that is set to nothing as not set', () => {
    assert.equal(load({ PORT: '', ENTIER_CONFIG: '' }).port, 8080);
  });

  it('takes a folder whose name is a number as a name', () => {
    assert.equal(load({ ENTIER_MODELS_DIR: '2026' }).modelsDir, '2026');
  });

  it('refuses an unknown variable and names the nearest', () => {
    assert.deepEqual(problemsOf({ ENTIER_WORKRES: '2' }), [
      'ENTIER_WORKRES: there is no such variable; did you mean ENTIER_WORKERS?',
    ]);
  });

  it('leaves variables of others alone', () => {
    assert.equal(load({ PATH: '/bin', ENTIERLY: 'x' }).port, 8080);
  });

  it('names all problems at once, each with where it was set', () => {
    assert.deepEqual(
      problemsOf({ PORT: '99999', ENTIER_THREADS: 'many' }, { hots: 'x', tiers: { a: -1 } }),
      [
        'PORT: Too big: expected number to be <=65535',
        'ENTIER_THREADS: expected "auto" or a whole number from 1 to 256',
        'entier.config.json: tiers.a: Too small: expected number to be >0',
        'entier.config.json: Unrecognized key: "hots"',
      ],
    );
  });

  it('refuses to fit a tier that is not there', () => {
    const file = JSON.stringify({ autoFit: ['realtime', 'instant'] });
    assert.throws(() => loadConfig({ env: {}, readFile: () => file }), /no tier instant/);
    const known = JSON.stringify({ autoFit: ['realtime'] });
    assert.deepEqual(loadConfig({ env: {}, readFile: () => known }).autoFit, ['realtime']);
  });

  it('refuses a named file that is not there and says both ways out', () => {
    assert.deepEqual(problemsOf({ ENTIER_CONFIG: 'x.json' }), [
      'ENTIER_CONFIG: there is no file x.json; create it or unset ENTIER_CONFIG',
    ]);
  });

  for (const [file, problem] of [
    ['{', /^entier\.config\.json: is not JSON/],
    ['[]', /^entier\.config\.json: expected a JSON object$/],
    [{ libraryPath: '/x' }, /libraryPath is set by LD_LIBRARY_PATH only/],
    [
      { defaultTier: 'slow' },
      /no tier slow; add it to tiers or choose one of realtime, interactive/,
    ],
    [{ defaultTier: 'constructor' }, /no tier constructor/],
    [{ tiers: { standard: 700_000 } }, /lower it or raise the limit of 600000 ms/],
    [{ tiers: { standard: { budgetMs: 700_000 } } }, /tiers\.standard: 700000 ms is over/],
    [
      { tiers: { standard: { budgetMs: 9, polcy: 'best' } } },
      /tiers\.standard: Unrecognized key: "polcy"/,
    ],
    [{ tiers: { standard: '9' } }, /tiers\.standard: expected a budget in ms, or an object of/],
    [
      { tiers: { standard: { budgetMs: 9, maxErrorProbability: 0.1 } } },
      /tiers\.standard: maxErrorProbability is for policy cascade only; set .* or remove it/,
    ],
    [{ cascade: { maxErrorProbability: 7 } }, /cascade\.maxErrorProbability: Too big/],
    [{ experiments: [{ name: 'x', arms: [] }] }, /experiments\.0\.arms: Too small/],
    [
      { experiments: [{ name: 'x', arms: [arm('a', 0), arm('b', 0)] }] },
      /all weights of x are 0; give an arm/,
    ],
    [
      { experiments: [{ name: 'x', arms: [arm('a'), arm('a')] }] },
      /x has two arms named a; rename or remove/,
    ],
    [
      { experiments: ['x', 'x'].map((name) => ({ name, arms: [arm('a')] })) },
      /two are named x; rename or remove/,
    ],
    [{ scheduling: { batching: 'no' } }, /scheduling\.batching: .*expected boolean/],
    [{ scheduling: { batchng: false } }, /scheduling: Unrecognized key: "batchng"/],
    [
      { experiments: [{ name: 'x', arms: [arm('a')], share: 2 }] },
      /experiments\.0\.share: Too big/,
    ],
  ] as const) {
    it(`refuses ${JSON.stringify(file)}`, () => {
      const problems = problemsOf({}, file);

      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, problem);
    });
  }

  it('takes tiers that name a policy, and fills it in', () => {
    const tiers = {
      quick: { budgetMs: 20, policy: 'cascade', maxErrorProbability: 0.1 },
      slow: { budgetMs: 900 },
    };

    const config = load({}, { 'entier.config.json': { tiers, defaultTier: 'slow' } });

    assert.deepEqual(config.tiers, { ...tiers, slow: { budgetMs: 900, policy: 'best' } });
    assert.equal(config.cascade.maxErrorProbability, 0.1);
  });

  it('switches off the mechanisms of the scheduler that the file names, and no other', () => {
    const { scheduling } = load({}, { 'entier.config.json': { scheduling: { patience: false } } });

    const off = Object.entries(scheduling).filter(([, isOn]) => !isOn);
    assert.deepEqual(off, [['patience', false]]);
  });

  it('fills in share and seed of an experiment', () => {
    const file = { experiments: [{ name: 'x', arms: [arm('a')] }] };

    const { experiments } = load({}, { 'entier.config.json': file });

    assert.deepEqual(experiments, [{ name: 'x', arms: [arm('a')], share: 1, seed: '0' }]);
  });
});

describe('the admin key', () => {
  const KEY = 'correct-horse-battery';

  it('comes from the environment, and there is none without it', () => {
    assert.equal(load({ ENTIER_ADMIN_KEY: KEY }).adminKey, KEY);
    assert.equal(load().adminKey, '');
    assert.equal(load({ ENTIER_ADMIN_KEY: '' }).adminKey, '');
  });

  it('is refused in a file, which is copied and committed', () => {
    assert.deepEqual(problemsOf({}, { adminKey: KEY }), [
      'entier.config.json: adminKey is set by ENTIER_ADMIN_KEY only',
    ]);
  });

  for (const [what, key] of [
    ['15 characters', 'x'.repeat(15)],
    ['a space', 'correct horse battery'],
    ['the line break of a file', `${KEY}\n`],
    ['a letter that no header carries', 'correct-h\u00f6rse-battery'],
    ['513 characters', 'x'.repeat(513)],
  ] as const) {
    it(`is refused with ${what}, and is not in the message`, () => {
      const [problem, ...others] = problemsOf({ ENTIER_ADMIN_KEY: key });

      assert.deepEqual(others, []);
      assert.match(problem!, /^ENTIER_ADMIN_KEY: expected 16 to 512 visible ASCII .*openssl rand/);
      assert.ok(!problem!.includes(key.trim()));
    });
  }

  it('is not printed, but that there is one is', () => {
    const text = printableConfig(load({ ENTIER_ADMIN_KEY: KEY, PORT: '81' }));

    assert.ok(!text.includes(KEY));
    const { adminKey, port } = JSON.parse(text) as { adminKey: string; port: number };
    assert.deepEqual({ adminKey, port }, { adminKey: '(set, not shown)', port: 81 });
    assert.match(printableConfig(load()), /"adminKey": ""/);
  });
});

describe('configHelp', () => {
  it('describes every variable and every key of the file', () => {
    const help = configHelp();

    for (const { name } of VARIABLES)
      assert.match(help, new RegExp(`^  ${name}\n      [A-Z].+Default: `, 'm'));
    for (const key of ['tiers', 'cascade', 'experiments', 'limits', 'scheduling'])
      assert.match(help, new RegExp(`^  ${key}\n      [A-Z]`, 'm'));
  });
});

describe('nearest', () => {
  it('finds the name with the fewest edits', () => {
    assert.equal(
      nearest('ENTIER_CACHE_SIZE', ['ENTIER_WORKERS', 'ENTIER_CACHE_BYTES']),
      'ENTIER_CACHE_BYTES',
    );
  });
});
