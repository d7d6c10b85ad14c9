import { resultFlags } from '../common-flags.js';
import type { FlagSpec, FlagValues } from '../flags.js';
import { overloadFlags } from '../overload/overload-flags.js';
import { servePercent } from './serve-while-building.js';

export const partNames = ['time', 'file', 'serve', 'cycles'] as const;
export type Part = (typeof partNames)[number];

export const buildsFlags = {
  parts: {
    kind: 'texts',
    default: undefined,
    help: `What is measured; default: all of ${partNames.join(',')}.`,
  },
  parent: { kind: 'text', default: 'full', help: 'The variant that others are made of.' },
  precision: {
    kind: 'choice',
    options: ['int8', 'w8', 'w4', 'fp16-stored'],
    default: 'int8',
    help: 'What is made of it.',
  },
  reference: {
    kind: 'text',
    default: 'full-int8',
    help: 'file: the variant of the Python pipeline that the built file is compared with.',
  },
  builds: { kind: 'number', default: 6, min: 1, max: 1000, help: 'time: builds in all.' },
  starts: {
    kind: 'number',
    default: 2,
    min: 1,
    max: 100,
    help: 'time: starts of the gateway over which they are spread.',
  },
  passes: {
    kind: 'number',
    default: 6,
    min: 1,
    max: 1000,
    help: 'file: times that all sentences run on both files, in turns.',
  },
  data: {
    kind: 'text',
    default: undefined,
    help: 'file: the folder of the CoNLL-2003 column files, which are no part of the project; eng.testa is read. Without it F1 is not measured.',
  },
  test: { kind: 'switch', help: 'file: F1 on eng.testb too, which is only reported.' },
  sentences: {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 1_000_000,
    help: 'file: only so many of the corpus and of each split, from the beginning; default: all.',
  },
  pairs: { kind: 'number', default: 3, min: 1, max: 100, help: 'serve: pairs of windows.' },
  window: {
    kind: 'number',
    default: 20,
    min: 0.1,
    max: 3600,
    fractions: true,
    help: 'serve: seconds of each window.',
  },
  budgets: { ...overloadFlags.budgets, help: `serve: ${overloadFlags.budgets.help}` },
  variant: {
    ...overloadFlags.variant,
    help: 'serve: pin all requests to this variant, a slow one where the load generator takes too much of the host; default: the gateway chooses.',
  },
  'on-miss': {
    ...overloadFlags['on-miss'],
    default: 'degrade',
    help: `serve: ${overloadFlags['on-miss'].help}`,
  },
  connections: { ...overloadFlags.connections, help: `serve: ${overloadFlags.connections.help}` },
  sweep: { ...overloadFlags.sweep, help: `serve: ${overloadFlags.sweep.help}` },
  'sweep-seconds': {
    ...overloadFlags['sweep-seconds'],
    help: `serve: ${overloadFlags['sweep-seconds'].help}`,
  },
  warmup: { ...overloadFlags.warmup, help: `serve: ${overloadFlags.warmup.help}` },
  seed: { ...overloadFlags.seed, help: `serve: ${overloadFlags.seed.help}` },
  cycles: {
    kind: 'number',
    default: 50,
    min: 2,
    max: 10_000,
    help: 'cycles: times that a variant is built, retired and removed.',
  },
  'warmup-cycles': {
    kind: 'number',
    default: 5,
    min: 1,
    max: 1000,
    help: 'cycles: the one after which memory is compared with the end.',
  },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  ...resultFlags,
} as const satisfies FlagSpec;

export type BuildsFlags = FlagValues<typeof buildsFlags>;

/** What is measured and how; behind --help, under the tables and in the result. */
export const buildsNotes = [
  'Each part has gateways of its own, started by this command with an admin key and with nothing known of this host, which hold all variants of the models folder. What is made is not kept, serves as soon as it is ready, and is removed again.',
  'time: one build after the other while nothing is asked. Request to active is by the clock of the client, until the end of the build was told; the other times are those of the gateway: compressing alone, the gate, loading in all workers. Peak memory is that of builder and gate together, against the weights of the parent as fp32, 4 bytes a parameter. Digest and size on the card are compared with those of the file itself.',
  'file: the file that was built and the one of the Python pipeline in one process, ONNX Runtime alone with one thread, each sentence of the corpus on both, in turns. Ratio: built over Python, of the sums over all sentences of a pass. F1 is that of answers of POST /ner, one sentence at a time past the cache.',
  `serve: the capacity is the peak of goodput of an open loop, as overload finds it. ${servePercent} % of it then comes as Poisson arrivals with budgets drawn per request, past the cache, in pairs of windows, one with builds back to back: built, loaded, active, removed, again. Both windows of a pair have the same requests; which comes first changes. p99 is of answers with entities, from the intended instant. In time: within the budget by the clock of the client, and the gateway says so too.`,
  'serve: a window whose p99 send lag is over 5 ms (from the intended instant to the writing of the request) has no figures; the exit status is 1 then. Load generator, gateway and builder share the cores.',
  'cycles: resident memory is added up over the processes of the gateway, so pages that they share count in each (Linux). Processes and files that are left are those beyond the ones there were before the first cycle, 10 s after the last at most.',
];
