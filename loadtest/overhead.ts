import { resultFlags } from './common-flags.js';
import { loadCorpus } from './corpus/corpus.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { readCard } from './model-card.js';
import { makeModelsFolder } from './models-folder.js';
import { addedTimeOf, pairTexts, type AddedTime, type TextPair } from './overhead/added-time.js';
import { passOfGateway, type GatewayPassOptions } from './overhead/gateway-pass.js';
import { measureSaturation } from './overhead/measure-saturation.js';
import { formatLines, reportOverhead, type OverheadRound } from './overhead/overhead-report.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';
import { startRawLoopChild, type RawLoopChild } from './sides/raw-loop-child.js';
import { formatTargets } from './targets.js';

export const overheadFlags = {
  rounds: { kind: 'number', default: 5, min: 1, max: 100, help: 'Rounds, all parts in each.' },
  passes: {
    kind: 'number',
    default: 4,
    min: 1,
    max: 100,
    help: 'Times a round that the texts go through the gateway and through ONNX Runtime alone, in turns.',
  },
  sentences: {
    kind: 'number',
    default: undefined,
    min: 20,
    max: 100_000,
    help: 'Sentences of the corpus that are sent, from its beginning; default: all.',
  },
  duration: {
    kind: 'number',
    default: 10,
    min: 1,
    max: 600,
    help: 'Seconds at saturation a round.',
  },
  warmup: { kind: 'number', default: 2, min: 0, max: 60, help: 'Seconds before, not counted.' },
  connections: {
    kind: 'number',
    default: 16,
    min: 1,
    max: 1024,
    help: 'Connections that fill the gateway.',
  },
  variant: { kind: 'text', default: 'full-int8', help: 'The variant that answers.' },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof overheadFlags>;

export const overheadAbout =
  "What the gateway adds to ONNX Runtime's run, processor time by process, and the delay of its event loop at saturation.";

/** What the lines mean; behind --help, under the tables and in the result. */
export const overheadNotes = [
  'The gateway holds this one variant, in workers of one thread each; the variant is pinned and the result cache passed by. It and a process with ONNX Runtime alone, of one thread too, live through all rounds; while one is measured the other is idle.',
  'With one connection: each text is sent when the one before was answered, and runs alone in the other process, in the same order. Which of the two begins changes from pass to pass. Latency is by the clock of the client, over an open connection.',
  '"Added, the difference" is of the two p50. "Paired by text" is the median of the differences text by text, and below it are the medians of its parts, which need not add up to it: HTTP and client: latency less the total in the answer; body, routing, queue: from the head of the request, less tokenizing; worker round trip: what the gateway waits for its worker, less the run alone; decode: the rest of the total.',
  'At saturation: a closed loop, the load generator on the same cores. Processor time is from /proc, so of Linux, in steps of 10 ms in all.',
  'Event-loop delay: of the HTTP process, entier_event_loop_delay_seconds over the measured seconds: sampled every 1 ms, less that 1 ms. A stall is one sample, however long it is.',
  'Medians and ranges are over the rounds. Targets are judged by the median.',
];

/** The command `overhead`: measures, prints tables, writes the result. */
export async function runOverhead(flags: Flags): Promise<void> {
  const startedAt = new Date();
  readCard(flags.models, flags.variant);
  const texts = loadCorpus()
    .slice(0, flags.sentences)
    .map(({ text }) => text);
  const rounds = await measureRounds(flags, texts);
  const report = reportOverhead(rounds);

  console.log(`${formatLines('with one connection, ms', report.oneConnection)}\n`);
  console.log(`${formatLines('at saturation', report.saturation)}\n`);
  console.log(`${formatTargets(report.targets)}\n`);
  const failures = rounds.map(({ oneConnection, saturation }) => {
    const alone = Object.values(oneConnection.failures).reduce((sum, count) => sum + count, 0);
    return alone + saturation.failures;
  });
  console.log(`requests that failed: ${failures.reduce((sum, count) => sum + count, 0)}\n`);
  for (const note of overheadNotes) console.log(`- ${note}`);

  const options = {
    what: 'overhead',
    startedAt,
    parameters: { ...flags, sentences: texts.length },
    folder: flags.out,
  };
  console.log(`\n${writeResult(options, { notes: overheadNotes, ...report, rounds })}`);
}

/** For the time left only: what a text takes on both sides. */
const secondsPerText = 0.006;

async function measureRounds(flags: Flags, texts: readonly string[]): Promise<OverheadRound[]> {
  const { rounds, passes, warmup, duration } = flags;
  const passSeconds = texts.length * secondsPerText;
  const steps = Array.from({ length: rounds }, (_, round) => [
    { label: `round ${round + 1}, one connection`, seconds: passes * passSeconds },
    { label: `round ${round + 1}, saturation`, seconds: warmup + duration },
  ]).flat();
  steps.unshift({ label: 'starting and warming up', seconds: 5 + passSeconds });
  return withProgress({ steps }, async (next) => {
    next();
    return withBothSides(flags, texts.length, async ({ url, pid, rawLoop }) => {
      const sides = { url, variant: flags.variant, texts, rawLoop };
      await measurePasses(sides, 1);
      const measured: OverheadRound[] = [];
      for (let round = 0; round < rounds; round++) {
        next();
        const oneConnection = await measurePasses(sides, passes);
        next();
        const saturation = await measureSaturation({ ...flags, url, pid, texts });
        measured.push({ oneConnection, saturation });
      }
      return measured;
    });
  });
}

interface BothSides {
  url: string;
  /** Of the gateway's HTTP process. */
  pid: number;
  rawLoop: RawLoopChild;
}

async function withBothSides<T>(
  { models: modelsDir, variant }: Flags,
  sentences: number,
  work: (sides: BothSides) => Promise<T>,
): Promise<T> {
  const models = makeModelsFolder({ modelsDir, variant, copies: 1 });
  try {
    const gateway = await openGateway({ modelsDir: models.path, threads: 1 });
    try {
      const options = { modelsDir, variant, sentences, place: 0, processes: 1 };
      const rawLoop = await startRawLoopChild(options);
      try {
        return await work({ url: gateway.url, pid: gateway.process!.pid, rawLoop });
      } finally {
        await rawLoop.stop();
      }
    } finally {
      await gateway.stop();
    }
  } finally {
    models.remove();
  }
}

/** All texts through both, so many times; the one that was second begins the next time. */
async function measurePasses(
  sides: GatewayPassOptions & { rawLoop: RawLoopChild },
  passes: number,
): Promise<AddedTime> {
  const pairs: TextPair[] = [];
  const failures: string[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const runAlone = () => sides.rawLoop.ask({ type: 'pass' });
    const early = pass % 2 === 1 ? await runAlone() : undefined;
    const entries = await passOfGateway(sides);
    const { latenciesMs } = early ?? (await runAlone());
    const paired = pairTexts(entries, latenciesMs);
    pairs.push(...paired.pairs);
    failures.push(...paired.failures);
  }
  return addedTimeOf(pairs, failures);
}
