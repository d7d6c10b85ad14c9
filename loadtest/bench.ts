import {
  compareRounds,
  formatFailures,
  formatMemory,
  formatSides,
  type Round,
} from './bench-report.js';
import { resultFlags } from './common-flags.js';
import { loadCorpus } from './corpus/corpus.js';
import type { FlagSpec, FlagValues } from './flags.js';
import { openGateway } from './gateway-process.js';
import { postJson } from './get-json.js';
import { measureSide, type SideServer } from './measure-side.js';
import { peerVersions, startPeer } from './peer.js';
import { treeUsage } from './process-tree.js';
import { withProgress } from './progress.js';
import { writeResult } from './result-file.js';

export const benchFlags = {
  rounds: { kind: 'number', default: 5, min: 1, max: 100, help: 'Rounds, both sides in each.' },
  duration: { kind: 'number', default: 10, min: 1, max: 600, help: 'Seconds per side and round.' },
  warmup: { kind: 'number', default: 2, min: 0, max: 60, help: 'Seconds before each of them.' },
  connections: { kind: 'number', default: 16, min: 1, max: 1024, help: 'Connections at once.' },
  variant: {
    kind: 'text',
    default: 'full-int8',
    help: 'The variant, the same file on both sides.',
  },
  models: { kind: 'text', default: 'models', help: 'The folder of the variants.' },
  'peer-threads': {
    kind: 'number',
    default: undefined,
    min: 1,
    max: 256,
    help: "ONNX Runtime threads of the peer; default: the peer's own default.",
  },
  ...resultFlags,
} as const satisfies FlagSpec;

type Flags = FlagValues<typeof benchFlags>;

export const benchAbout =
  'Our gateway, pinned and past its cache, against transformers.js behind Express on the same file, in turns.';

const notes = [
  'Closed loop: the figures are those of saturation; the load generator runs on the same cores.',
  'The peer feeds zeros where our models take case classes (token_type_ids): the same work, other entities.',
  'The peer answers tokens with labels (no aggregation, its default), ours whole spans with offsets.',
  'Resident memory is added up over processes; ours holds all variants, the peer one.',
];

/** The command `bench`: measures both sides, prints them and their ratios, writes the result. */
export async function runBench(flags: Flags): Promise<void> {
  const startedAt = new Date();
  const gateway = await openGateway({ modelsDir: flags.models });
  try {
    const threads = flags['peer-threads'];
    const peer = await startPeer({ modelsDir: flags.models, variant: flags.variant, threads });
    try {
      const ours = { name: 'entier', url: gateway.url, pid: gateway.process!.pid };
      const rounds = await measureRounds(flags, {
        ours,
        peer: { name: 'transformers.js', url: peer.url, pid: peer.pid },
      });
      const comparison = compareRounds(rounds);
      const memory = {
        variants: gateway.variants,
        readyMs: gateway.process!.readyMs,
        ...treeUsage(ours.pid),
      };
      console.log(formatSides(comparison));
      console.log(`\n${formatMemory(memory)}`);
      console.log(formatFailures(rounds));
      console.log(`ONNX Runtime threads of the peer: ${threads ?? 'its default'}`);
      for (const note of notes) console.log(`- ${note}`);
      const result = { peer: peerVersions(), memory, notes, comparison, rounds };
      const options = { what: 'bench', startedAt, parameters: flags, folder: flags.out };
      console.log(`\n${writeResult(options, result)}`);
    } finally {
      await peer.stop();
    }
  } finally {
    await gateway.stop();
  }
}

/** Each round measures both sides, and the one that was second goes first in the next. */
async function measureRounds(
  flags: Flags,
  sides: Readonly<Record<keyof Round, SideServer>>,
): Promise<Round[]> {
  const texts = loadCorpus().map(({ text }) => text);
  const load = { ...flags, texts };
  for (const side of [sides.ours, sides.peer]) await checkAnswers(side, load);
  const orders = Array.from({ length: flags.rounds }, (_, round) =>
    round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const),
  );
  const steps = orders.flat().map((who) => ({
    label: sides[who].name,
    seconds: flags.warmup + flags.duration,
  }));
  return withProgress({ steps }, async (next) => {
    const rounds: Round[] = [];
    for (const order of orders) {
      const round: Partial<Round> = {};
      for (const who of order) {
        next();
        round[who] = await measureSide(sides[who], load);
      }
      rounds.push(round as Round);
    }
    return rounds;
  });
}

/** Throws unless the side answers with entities: a fast server of nothing is no peer. */
async function checkAnswers(
  side: SideServer,
  load: { texts: readonly string[]; variant: string },
): Promise<void> {
  let found = 0;
  for (const text of load.texts.slice(0, 20)) {
    const { entities } = await postJson<{ entities: unknown[] }>(`${side.url}/ner`, {
      text,
      variant: load.variant,
    });
    found += entities.length;
  }
  if (found === 0) throw new Error(`${side.name} finds no entity in 20 sentences`);
}
