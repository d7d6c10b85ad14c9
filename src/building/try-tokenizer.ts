import type { TextTokenizer } from '../ner/tokenizer.js';
import { refused } from './model-folder-error.js';

/** A pattern that backtracks without end does so on a few dozen characters of a kind and one that does not belong. */
const RUN_LENGTH = 200;
/** One whose time grows with the square of a text's length needs a longer run to be seen. */
const LONG_RUN_LENGTH = 16_384;
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const OTHERS = ['\t', '\n', 'é', 'Ж', 'ع', 'म', '中', 'の', '한', '\u0301', '\u200b', '😀'];
const LONG_RUNS = ['a', ' ', '0', '.', '\n', 'a ', '中'];
/** What may not belong to a run. */
const TAILS = ['!', '\n', 'x'];

/**
 * Encodes texts on which a tokenizer that somebody brought may never come back, and those that its model will be asked.
 * What it makes of them does not matter. A text that is too much for it may not end or end the process, so whoever calls
 * must be in a process that may be killed. Rejects with ModelFolderError where it gives up on one.
 */
export async function tryTokenizer(
  tokenizer: Pick<TextTokenizer, 'encode'>,
  sentences: readonly string[],
): Promise<void> {
  for (const text of [...runs(), ...sentences]) {
    try {
      await tokenizer.encode(text);
    } catch (error) {
      const why = (error as Error).message.slice(0, 200);
      throw refused('tokenizer.json', `it cannot encode every text: ${why}`, error);
    }
  }
}

function runs(): string[] {
  return [
    ...TAILS.map((tail) =>
      [...PRINTABLE, ...OTHERS].map((one) => one.repeat(RUN_LENGTH) + tail).join(''),
    ),
    // Some engines look for what a pattern must end with before they try it.
    ...LONG_RUNS.map((run) => `${run.repeat(LONG_RUN_LENGTH / run.length)}!${PRINTABLE.join('')}`),
  ];
}
