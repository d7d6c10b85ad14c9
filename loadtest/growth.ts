import { writeFileSync } from 'node:fs';
import { resultFlags } from './common-flags.js';
import { loadCorpus } from './corpus/corpus.js';
import { UsageError, type FlagSpec, type FlagValues } from './flags.js';
import { openGateway, type Gateway } from './gateway-process.js';
import { axisNames, planPoints, type Axis, type PointPlan } from './growth/axes.js';
import { formatAxis, reportAxis, type MeasuredPoint } from './growth/growth-report.js';
import { plotGrowth } from './growth/growth-plot.js';
import { measurePoint } from './growth/measure-point.js';
import { readCard, tokenizerOf } from './model-card.js';
import { makeModelsFolder } from './models-folder.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { TextTokenizer } from '../src/ner/tokenizer.js';

export const growthFlags = {
  axis: {
    kind: 'texts',
    default: undefined,
    help: `What grows; default: all of ${axisNames.join(',')}, with --url all but variants.`,
  },
  length: {
    kind: 'numbers',
    default: [8, 32, 128, 512, 2048, 4096],
    min: 1,
    max: 32_768,
    help: 'Tokens of a text.',
  },
  connections: {
    kind: 'numbers',
    default: [1, 4, 16, 64, 256, 1024],
    min: 1,
    max: 4096,
    help: 'Connections at once.',
  },
  variants: {
    kind: 'numbers',
    default: [1, 2, 5, 10, 20],
    min: 1,
    max: 64,
    help: 'Variants that the gateway holds, all with the file of --variant.',
  },
  texts: {
    kind: 'numbers',
    default: [1, 4, 16, 64, 128],
    min: 1,
    max: 128,
    help: 'Texts of a request.',
  },
  saturating: {
    kind: 'number',
    default: 16,
    min: 1,
    max: 1024,
    help: 'Connections that fill the gateway on the axes where they do not grow.',
  },
  rounds: {
    kind: 'number',
    default: 3,
    min: 1,
    max: 100,
    help: 'Times that each point is measured.',
  },
  duration: {
    kind: 'number',
    default: 2,
    min: 1,
    max: 600,
    help: 'Seconds per load of a point; more where answers are slow.',
  },
  warmup: { kind: 'number', default: 1, min: 0, max: 60, help: 'Seconds before each load.' },
  budget: {
    kind: 'number',
    default: 30_000,
    min: 1,
    max: 600_000,
    help: 'Latency budget of all requests, ms: so long that none is given up.',
  },
  variant: { kind: 'text', default: 'full-int8', help: 'The variant that answers.' },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  url: {
    kind: 'text',
    default: undefined,
    help: 'A gateway that runs already; without it each point has a new one.',
  },
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof growthFlags>;

export const growthAbout =
  'How throughput, latency and memory grow with text length, connections, warm variants and texts per request.';

/** What the columns mean; behind --help, under the tables and in the result. */
export const growthNotes = [
  'Closed loop, one variant pinned, past the result cache; the load generator runs on the same cores.',
  'A point has a new gateway that holds only what it needs; rounds go up and down in turns. Figures are medians over the rounds.',
  '"Alone" is one connection; all other columns are at full load, on the axis of connections at so many. Memory is what is resident after the loads.',
  "Exponents: figure ~ value^exponent, least squares on the logarithms of the medians, over the range named and over its upper half; the interval is of Student's t and takes the scatter around the line for chance.",
];

/** The command `growth`: measures each axis, prints tables with fitted exponents, writes result and plot. */
export async function runGrowth(flags: Flags): Promise<void> {
  const startedAt = new Date();
  const axes = chosenAxes(flags);
  const corpus = loadCorpus();
  const tokenizer = TextTokenizer.fromFile(
    tokenizerOf(flags.models, readCard(flags.models, flags.variant)),
  );
  const { saturating } = flags;
  const plans = await planPoints({ values: flags, axes, saturating, corpus, tokenizer });
  const points = await measurePoints(plans, flags);
  const reports = axes.map((axis) => reportAxis(axis, points));
  for (const report of reports) console.log(`${formatAxis(report)}\n`);
  for (const note of growthNotes) console.log(`- ${note}`);
  const options = { what: 'growth', startedAt, parameters: flags, folder: flags.out };
  const file = writeResult(options, { notes: growthNotes, axes: reports });
  const plotFile = file.replace(/\.json$/, '.svg');
  const notes = [
    `${flags.variant}, ${saturating} connections where they do not grow and nothing else is said, ${flags.rounds} rounds.`,
  ];
  writeFileSync(plotFile, plotGrowth({ reports, notes }));
  console.log(`\n${file}\n${plotFile}`);
}

function chosenAxes({ axis, url }: Flags): Axis[] {
  const unknown = axis?.filter((name) => !axisNames.some((known) => known === name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`--axis names ${unknown.join(', ')}; there are ${axisNames.join(', ')}`);
  }
  if (url !== undefined && axis?.includes('variants') === true) {
    throw new UsageError('the axis variants needs gateways of its own: leave --url out');
  }
  const all = axisNames.filter((name) => url === undefined || name !== 'variants');
  return all.filter((name) => axis?.includes(name) ?? true);
}

/** Each round goes through all points, in turns up and down, so that a host that warms or slows tilts no line. */
async function measurePoints(plans: readonly PointPlan[], flags: Flags): Promise<MeasuredPoint[]> {
  const points = plans.map(({ axis, value }): MeasuredPoint => ({ axis, value, rounds: [] }));
  const places = plans.map((_, place) => place);
  const order = Array.from({ length: flags.rounds }, (_, round) =>
    round % 2 === 0 ? places : places.toReversed(),
  ).flat();
  const steps = order.map((place) => stepOf(plans[place]!, flags));
  if (flags.url === undefined) steps.unshift({ label: 'a first start', seconds: 5 });
  return withProgress({ steps }, async (next) => {
    if (flags.url === undefined) {
      next();
      // The first start on a host measures its variants and keeps what it found; no point should have that to do.
      await withGateway(1, flags, () => Promise.resolve());
    }
    for (const place of order) {
      next();
      const plan = plans[place]!;
      const options = { warmup: flags.warmup, duration: flags.duration, budgetMs: flags.budget };
      const measure = (target: Gateway) => measurePoint(plan, target, options);
      points[place]!.rounds.push(await withGateway(plan.copies, flags, measure));
    }
    return points;
  });
}

/** Runs `work` at a gateway with so many copies of the variant, or at the one that runs already. */
async function withGateway<T>(
  copies: number,
  { url, models: modelsDir, variant }: Flags,
  work: (gateway: Gateway) => Promise<T>,
): Promise<T> {
  if (url !== undefined) {
    const gateway = await openGateway({ url });
    if (!gateway.variants.includes(variant)) {
      throw new Error(`${url} does not serve "${variant}"; it has ${gateway.variants.join(', ')}`);
    }
    return work({ ...gateway, variants: [variant] });
  }
  const models = makeModelsFolder({ modelsDir, variant, copies });
  try {
    const gateway = await openGateway({ modelsDir: models.path });
    try {
      if (gateway.variants.length < copies) {
        throw new Error(`only ${gateway.variants.length} of ${copies} variants could be served`);
      }
      return await work(gateway);
    } finally {
      await gateway.stop();
    }
  } finally {
    models.remove();
  }
}

function stepOf({ axis, value, copies, connections }: PointPlan, flags: Flags) {
  // For the time left only: what starting and stopping a gateway takes.
  const around = flags.url === undefined ? 2 + copies / 4 : 0;
  return {
    label: `${axis} ${value}`,
    seconds: connections.length * (flags.warmup + flags.duration) + around,
  };
}
