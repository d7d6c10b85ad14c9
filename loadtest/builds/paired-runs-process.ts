/** Run as a process by paired-runs.ts: two model files, each text on both, in turns. */

import { performance } from 'node:perf_hooks';
import { loadCorpus } from '../corpus/corpus.js';
import { feedsOf, openRawSession, type Feeds } from '../sides/raw-session.js';
import { TextTokenizer } from '../../src/ner/tokenizer.js';
import type { PairedPass, PairedRunsOptions } from './paired-runs.js';

const options = JSON.parse(process.argv[2] ?? '') as PairedRunsOptions;
const tokenizer = TextTokenizer.fromFile(options.tokenizer);
const built = await openRawSession(options.built);
const reference = await openRawSession(options.reference);
const texts = loadCorpus().slice(0, options.sentences);
const feeds: Feeds[] = [];
for (const { text } of texts) feeds.push(await feedsOf(text, { session: built, tokenizer }));

async function timed(session: typeof built, feed: Feeds): Promise<number> {
  const startedAt = performance.now();
  await session.run(feed);
  return performance.now() - startedAt;
}

/** Which of the two begins changes from text to text and from pass to pass, since the first one finds the caches cold. */
async function runPass(number: number): Promise<PairedPass> {
  const pass: PairedPass = { builtMs: [], referenceMs: [] };
  for (const [text, feed] of feeds.entries()) {
    if ((text + number) % 2 === 0) {
      pass.builtMs.push(await timed(built, feed));
      pass.referenceMs.push(await timed(reference, feed));
    } else {
      pass.referenceMs.push(await timed(reference, feed));
      pass.builtMs.push(await timed(built, feed));
    }
  }
  return pass;
}

await runPass(0);
const passes: PairedPass[] = [];
for (let number = 1; number <= options.passes; number++) passes.push(await runPass(number));
process.once('disconnect', () => process.exit(0));
process.send!(passes);
