import { z } from 'zod';

/**
 * What is read of a tokenizer.json of BERT's kind. Slicing, pre-token boundaries and ASCII offsets rely on BERT's rules,
 * so another kind of tokenizer is none; nor is one with added tokens that look at what stands around them.
 */
const tokenizerSchema = z.object({
  normalizer: z.object({
    type: z.literal('BertNormalizer'),
    clean_text: z.literal(true),
    handle_chinese_chars: z.literal(true),
    lowercase: z.boolean(),
    strip_accents: z.boolean().nullable().default(null),
  }),
  pre_tokenizer: z.object({ type: z.literal('BertPreTokenizer') }),
  added_tokens: z.array(
    z.object({
      content: z.string().min(1),
      single_word: z.literal(false),
      lstrip: z.literal(false),
      rstrip: z.literal(false),
      normalized: z.literal(false),
    }),
  ),
  model: z.object({
    type: z.literal('WordPiece'),
    unk_token: z.string(),
    continuing_subword_prefix: z.literal('##'),
    max_input_chars_per_word: z.int().positive(),
    vocab: z.record(z.string(), z.int().nonnegative()),
  }),
});

/** Facts about token ids, as flat tables for the hot path. */
export interface Vocabulary {
  /** What happens to a text before its words are looked up. */
  readonly lowercase: boolean;
  readonly stripsAccents: boolean;
  /** Ids of the entries that begin a word, and of those that continue one, without their ##. */
  readonly entries: ReadonlyMap<string, number>;
  readonly continuations: ReadonlyMap<string, number>;
  /** UTF-16 units of the longest of them. */
  readonly longestEntry: number;
  /** A longer word, in code points, is unknown. */
  readonly maxWordLength: number;
  /** Code points of the entry, its ## included. */
  readonly lengths: Uint16Array;
  /** 1 where the entry begins with ##. No other token continues a pre-token, because # is a pre-token by itself. */
  readonly continues: Uint8Array;
  readonly unkId: number;
  readonly unkToken: string;
  /** Contents that are tokens wherever they stand in a text, such as [SEP]. */
  readonly addedTokens: readonly string[];
}

/** Undefined where `file`, a tokenizer.json, is not of BERT's kind. */
export function vocabularyOf(file: unknown): Vocabulary | undefined {
  const parsed = tokenizerSchema.safeParse(file);
  if (!parsed.success) return undefined;
  const { normalizer, model, added_tokens } = parsed.data;
  const vocabulary = Object.entries(model.vocab);
  const size = vocabulary.reduce((largest, [, id]) => Math.max(largest, id), 0) + 1;
  const lengths = new Uint16Array(size);
  const continues = new Uint8Array(size);
  const entries = new Map<string, number>();
  const continuations = new Map<string, number>();
  let longestEntry = 0;
  for (const [entry, id] of vocabulary) {
    lengths[id] = Array.from(entry).length;
    const continuesWord = entry.startsWith('##');
    continues[id] = continuesWord ? 1 : 0;
    if (continuesWord) continuations.set(entry.slice(2), id);
    else entries.set(entry, id);
    longestEntry = Math.max(longestEntry, entry.length);
  }
  return {
    lowercase: normalizer.lowercase,
    // Where nothing is said, accents go with the capitals.
    stripsAccents: normalizer.strip_accents ?? normalizer.lowercase,
    entries,
    continuations,
    longestEntry,
    maxWordLength: model.max_input_chars_per_word,
    lengths,
    continues,
    unkId: model.vocab[model.unk_token] ?? -1,
    unkToken: model.unk_token,
    addedTokens: added_tokens.map((token) => token.content),
  };
}
