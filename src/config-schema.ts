import { z } from 'zod';
import { plainName, variantName } from './names.js';

const count = (max: number) =>
  z.union([z.literal('auto'), z.int().min(1).max(max)], {
    error: `expected "auto" or a whole number from 1 to ${max}`,
  });
const MAX_BUDGET_MS = 600_000;
/** What a header can carry; the length keeps it from being guessed. */
const ADMIN_KEY = /^[\x21-\x7e]{16,512}$/;

const experiment = z.strictObject({
  name: plainName,
  arms: z
    .array(
      z.strictObject({ name: plainName, variant: variantName, weight: z.number().min(0).max(1e6) }),
    )
    .min(1),
  share: z.number().min(0).max(1).default(1),
  seed: z.union([z.string(), z.number()]).default('0'),
});

const probability = z.number().min(0).max(1);
const budgetMs = z.number().positive();
const tier = z.union(
  [
    budgetMs,
    z.strictObject({
      budgetMs,
      policy: z.enum(['best', 'cascade']).default('best'),
      maxErrorProbability: probability.optional(),
    }),
  ],
  {
    error: 'expected a budget in ms, or an object of budgetMs, policy and maxErrorProbability',
  },
);

const cascade = z.strictObject({
  // On validation it costs pairs that end in the two best variants .0005 F1 at most; docs/decisions.md.
  maxErrorProbability: probability.default(0.1),
});

const limits = z.strictObject({
  maxBodyBytes: z.int().min(1024).max(67_108_864).default(262_144),
  maxTexts: z.int().min(1).max(4096).default(128),
  maxBudgetMs: z.number().positive().max(86_400_000).default(MAX_BUDGET_MS),
  maxQueuedTokens: z.int().min(1024).default(2_000_000),
  // Each holds up to 32 documents of maxBodyBytes: with the defaults all of them hold no more than 512 MiB.
  maxStreams: z.int().min(1).max(65_536).default(64),
});

const agreement = z.number().min(0).max(1);
const gate = z.strictObject({
  minAgreementOfPrecision: agreement
    .default(0.97)
    .describe('Entity F1 against the parent of a variant of which only the precision changed.'),
  minAgreementOfCuts: agreement.default(0.8).describe('The same of one that lost layers or units.'),
});

const mechanism = (meaning: string) => z.boolean().default(true).describe(meaning);
/** As `scheduling/mechanisms.ts` has them. */
const scheduling = z.strictObject({
  priceOfTime: mechanism('A run is charged for its worker time, at a price that follows demand.'),
  batching: mechanism('Windows of several texts run together.'),
  patience: mechanism('A run is charged for newcomers that miss while no worker is free.'),
  earlyDrop: mechanism('What cannot make its deadline any more goes before it has passed.'),
  queueFeasibility: mechanism('A run leaves those who wait time for their fastest variant.'),
  admissionControl: mechanism('What is predicted to end too late is not queued as in time.'),
  slowdownTracking: mechanism('Predictions follow how slow the host is now.'),
  criticality: mechanism('Less critical work gives way.'),
});

/** Every key with its bounds, default and meaning. */
export const configSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  port: z.int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 takes a free one.'),
  modelsDir: z.string().min(1).default('models').describe('Folder of the variants.'),
  profilesDir: z
    .string()
    .min(1)
    .default('.cache/profiles')
    .describe(
      'Folder that keeps the latency profiles of this host, so that only a first start measures.',
    ),
  workers: count(64)
    .default('auto')
    .describe('Worker processes, each with all variants; auto: measured, if threads are auto too.'),
  threads: count(256)
    .default('auto')
    .describe('Threads of a worker: shorter runs, fewer answers a second; auto: as for workers.'),
  executionProvider: z
    .enum(['auto', 'cpu', 'cuda'])
    .default('auto')
    .describe('Where models run; auto takes CUDA if it can be had, cuda stops the start if not.'),
  cacheBytes: z
    .int()
    .min(0)
    .default(67_108_864)
    .describe('Bytes of the result cache; 0 turns it off.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
  drainTimeoutMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(8000)
    .describe('How long a shutdown waits for the requests in flight, ms.'),
  tiers: z
    .record(plainName, tier)
    .default({ realtime: 10, interactive: 50, standard: 200, batch: 2000 })
    .describe('Named latency budgets, ms; or objects of budgetMs, policy, maxErrorProbability.'),
  defaultTier: plainName
    .default('standard')
    .describe('The tier of a request that names neither a budget nor a tier.'),
  cascade: cascade
    .prefault({})
    .describe('Of policy cascade: the probability of an error up to which a first answer is kept.'),
  experiments: z.array(experiment).default([]).describe('A/B experiments; arms are variants.'),
  limits: limits.prefault({}).describe('Bounds of a request and of the queue.'),
  gate: gate.prefault({}).describe('What a variant that was made here must reach to serve.'),
  scheduling: scheduling
    .prefault({})
    .describe('Mechanisms of the scheduler, each of which can be switched off to see its worth.'),
  autoFit: z
    .union([z.literal('auto'), z.boolean(), z.array(plainName)], {
      error: 'expected "auto", true, false or a list of tiers',
    })
    .default('auto')
    .describe('Tiers that get a variant made if none can meet them; auto: all, of own models.'),
  maxWarmBytes: z
    .union([z.literal('auto'), z.int().min(1)], { error: 'expected "auto" or a number of bytes' })
    .default('auto')
    .describe('Memory of the variants in all workers; auto: half of what there is.'),
  adminKey: z
    .string()
    .refine((key) => key === '' || ADMIN_KEY.test(key), {
      error:
        'expected 16 to 512 visible ASCII characters, without spaces and line breaks; `openssl rand -hex 32` makes one',
    })
    .default('')
    .describe('Key of the admin API, which there is with a key only.'),
  libraryPath: z
    .string()
    .default('')
    .describe('Where the CUDA libraries are looked for, besides the usual folders.'),
});

/** As it was parsed, before it is frozen. */
export type ParsedConfig = z.output<typeof configSchema>;
