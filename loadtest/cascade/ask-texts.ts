import type { CorpusSentence } from '../corpus/corpus.js';
import { createNerClient, type Reply } from '../ner-client.js';
import { treeUsage } from '../process-tree.js';
import { countEntities, type Entity, type EntityCounts } from '../score.js';

/** What one text came to. */
export interface AskedText {
  counts: EntityCounts;
  /** Of a cascade alone. */
  outcome: string | undefined;
  /** Of its first answer, as the gateway tells it. */
  errorProbability: number | undefined;
  latencyMs: number;
}

/** All texts once, in the order of the sentences. */
export interface TextsPass {
  texts: AskedText[];
  /** Of all processes of the gateway, over all texts. */
  cpuMs: number;
}

interface AskOptions {
  url: string;
  /** The root of the gateway's processes. */
  pid: number;
  sentences: readonly CorpusSentence[];
  /** Texts under way at once, each on a connection that stays open. */
  connections: number;
  /** What is asked beside the text. */
  fields: object;
}

interface CascadeBody {
  entities: Entity[];
  cascade?: { outcome: string; stages: { error_probability: number | null }[] };
}

/** So that a second stage is never refused for want of time. */
const BUDGET_MS = 60_000;
/** Not counted: they open the connections and bring the clocks of the processor up. */
const WARMUP_TEXTS = 50;

/** Asks a gateway for every text once, past its result cache. Throws with the first answer that is none. */
export async function askTexts(options: AskOptions): Promise<TextsPass> {
  const { url, pid, sentences, connections } = options;
  const client = createNerClient({ url, headers: { 'cache-control': 'no-cache' } });
  const ask = async (asked: readonly CorpusSentence[]): Promise<Reply[]> => {
    const replies: Reply[] = [];
    const places = asked.keys();
    const loop = async (): Promise<void> => {
      for (const place of places) {
        const body = { text: asked[place]!.text, latency_budget_ms: BUDGET_MS, ...options.fields };
        replies[place] = await client.send(JSON.stringify(body));
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
    return replies;
  };
  try {
    await ask(sentences.slice(0, WARMUP_TEXTS));
    const before = treeUsage(pid).cpuMs;
    const replies = await ask(sentences);
    const cpuMs = treeUsage(pid).cpuMs - before;
    // Read afterwards: the gateway is to have its next request at once.
    const texts = replies.map((reply, place) => readReply(reply, sentences[place]!));
    return { texts, cpuMs };
  } finally {
    await client.close();
  }
}

function readReply(reply: Reply, { entities }: CorpusSentence): AskedText {
  const { status, body, sentAt, answeredAt } = reply;
  if (status !== 200) {
    const what = status === 0 ? 'nothing' : `${status}: ${body}`;
    throw new Error(`the gateway answered ${what}; all texts have to be answered`);
  }
  const answer = JSON.parse(body) as CascadeBody;
  return {
    counts: countEntities(entities, answer.entities),
    outcome: answer.cascade?.outcome,
    errorProbability: answer.cascade?.stages[0]?.error_probability ?? undefined,
    latencyMs: answeredAt - sentAt,
  };
}
