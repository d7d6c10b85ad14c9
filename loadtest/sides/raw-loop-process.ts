/** A process of the raw loop: `node raw-loop-process.js MODELS_DIR VARIANT SENTENCES PLACE PROCESSES`. */

import { performance } from 'node:perf_hooks';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadCorpus } from '../corpus/corpus.js';
import { readCard, tokenizerOf } from '../model-card.js';
import { rotation, startPlace } from '../rotation.js';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import type { FromRawLoop, ToRawLoop } from './raw-loop-child.js';

const [modelsDir = '', variant = '', sentences, place, processes] = process.argv.slice(2);
const card = readCard(modelsDir, variant);
const tokenizer = TextTokenizer.fromFile(tokenizerOf(modelsDir, card));
// As the gateway's workers have it.
const session = await InferenceSession.create(`${modelsDir}/${variant}/${card.file}`, {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

async function feedsOf(text: string): Promise<Record<string, Tensor>> {
  const { ids, caseTypes } = await tokenizer.encode(text);
  const tensor = (values: readonly number[]): Tensor =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const all = [tokenizer.clsId, ...ids, tokenizer.sepId];
  const feeds: Record<string, Tensor> = {
    input_ids: tensor(all),
    attention_mask: tensor(all.map(() => 1)),
  };
  if (session.inputNames.includes('token_type_ids')) {
    feeds.token_type_ids = tensor([0, ...caseTypes, 0]);
  }
  return feeds;
}

const feeds: Record<string, Tensor>[] = [];
for (const { text } of loadCorpus().slice(0, Number(sentences))) feeds.push(await feedsOf(text));
const places = rotation(startPlace(Number(place), Number(processes), feeds.length), feeds.length);

/** Goes on where it left off: a loop over the rotation itself would end it for good. */
function* onwards(): Generator<number> {
  for (;;) yield places.next().value;
}

/** Runs text after text, the next one when the one before is done. */
async function run(texts: Iterable<number>, seconds: number): Promise<void> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  let at = startedAt;
  for (const text of texts) {
    if (at >= startedAt + seconds * 1000) break;
    await session.run(feeds[text]!);
    const now = performance.now();
    latenciesMs.push(now - at);
    at = now;
  }
  send({ type: 'done', latenciesMs, seconds: (at - startedAt) / 1000 });
}

function send(message: FromRawLoop): void {
  if (process.connected) process.send?.(message);
}

process.on('message', (question: ToRawLoop) => {
  if (question.type === 'run') void run(onwards(), question.seconds);
  else void run(feeds.keys(), Infinity);
});
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
