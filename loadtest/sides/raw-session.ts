import '../../src/runtime/without-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TextTokenizer } from '../../src/ner/tokenizer.js';

export type Feeds = Record<string, Tensor>;

/** A session of ONNX Runtime alone, with one thread and else as the gateway's workers have it. */
export async function openRawSession(modelPath: string): Promise<InferenceSession> {
  return InferenceSession.create(modelPath, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
}

/** What the session is given for a text that is one window. */
export async function feedsOf(
  text: string,
  { session, tokenizer }: { session: InferenceSession; tokenizer: TextTokenizer },
): Promise<Feeds> {
  const { ids, caseTypes } = await tokenizer.encode(text);
  const tensor = (values: readonly number[]): Tensor =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const all = [tokenizer.clsId, ...ids, tokenizer.sepId];
  const feeds: Feeds = { input_ids: tensor(all), attention_mask: tensor(all.map(() => 1)) };
  if (session.inputNames.includes('token_type_ids')) {
    feeds.token_type_ids = tensor([0, ...caseTypes, 0]);
  }
  return feeds;
}
