/** A process of the raw loop: `node raw-loop-process.js MODELS_DIR VARIANT SENTENCES PLACE PROCESSES`. */

import { performance } from 'node:perf_hooks';
import { loadCorpus } from '../corpus/corpus.js';
import { readCard, tokenizerOf } from '../model-card.js';
import { rotation, startPlace } from '../rotation.js';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import type { FromRawLoop, ToRawLoop } from './raw-loop-child.js';
import { feedsOf, openRawSession, type Feeds } from './raw-session.js';

const [modelsDir = '', variant = '', sentences, place, processes] = process.argv.slice(2);
const card = readCard(modelsDir, variant);
const tokenizer = TextTokenizer.fromFile(tokenizerOf(modelsDir, card));
const session = await openRawSession(`${modelsDir}/${variant}/${card.file}`);

const feeds: Feeds[] = [];
for (const { text } of loadCorpus().slice(0, Number(sentences))) {
  feeds.push(await feedsOf(text, { session, tokenizer }));
}
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
