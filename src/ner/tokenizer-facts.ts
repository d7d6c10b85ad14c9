import { z } from 'zod';
import { specialTokens } from './special-tokens.js';

/**
 * What is read of a tokenizer.json of any kind. The vocabulary may have 250,000 entries, which are looked at one by one
 * only where their lengths count.
 */
const fileSchema = z.object({
  added_tokens: z
    .array(z.object({ id: z.int().nonnegative(), content: z.string().min(1) }))
    .default([]),
  post_processor: z.unknown().optional(),
  model: z.object({
    unk_token: z.string().nullish(),
    unk_id: z.int().nonnegative().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    vocab: z.union(
      [
        z.custom<readonly (readonly [string, number])[]>(
          (value) => Array.isArray(value) && value.every(isScoredEntry),
          'expected pairs of entry and score',
        ),
        z.custom<Readonly<Record<string, number>>>(isEntries, 'expected an id for each entry'),
      ],
      'expected an object of ids, or pairs of entry and score',
    ),
  }),
});

/** Facts of a tokenizer of any kind that its library does not tell. */
export interface TokenizerFacts {
  readonly clsId: number;
  readonly sepId: number;
  /** Of the token for what is not in the vocabulary; -1 where there is none. */
  readonly unkId: number;
  readonly padId: number;
  /** Code points of each entry, by id, where entries that continue a word are marked as such; else undefined. */
  readonly markedLengths: Uint16Array | undefined;
  readonly largestId: number;
}

/** Of the names that files leave to the tokenizer's class, those of most models. */
const UNKNOWN_TOKENS = ['[UNK]', '<unk>'];
const PAD_TOKENS = ['[PAD]', '<pad>'];

export interface TokenNames {
  /** As tokenizer_config.json names them; absent: by custom. */
  readonly unknownToken?: string | undefined;
  readonly padToken?: string | undefined;
}

/** Throws ZodError where `file` is no tokenizer.json, or Error where the gateway cannot feed its tokens to a model. */
export function tokenizerFacts(file: unknown, names: TokenNames = {}): TokenizerFacts {
  const { added_tokens: added, post_processor: postProcessor, model } = fileSchema.parse(file);
  const ids = new Map<string, number>(entriesOf(model.vocab));
  for (const { id, content } of added) ids.set(content, id);
  const { before, after } = specialTokens(postProcessor);
  const [clsId, sepId] = [before[0], after[0]];
  if (clsId === undefined || sepId === undefined || before.length + after.length !== 2) {
    throw new Error(
      `its post_processor puts ${before.length} tokens before a text and ${after.length} after it; a tagger has one each`,
    );
  }
  const idOf = (wanted: string | undefined, customary: readonly string[]): number | undefined => {
    if (wanted === undefined) return customary.map((name) => ids.get(name)).find(Number.isInteger);
    const id = ids.get(wanted);
    if (id === undefined) throw new Error(`its vocabulary has no ${JSON.stringify(wanted)}`);
    return id;
  };
  const stated = names.unknownToken ?? model.unk_token ?? undefined;
  const unkId = idOf(stated, model.unk_id == null ? UNKNOWN_TOKENS : []) ?? model.unk_id ?? -1;
  return {
    clsId,
    sepId,
    unkId,
    // What stands behind the attention mask is not looked at.
    padId: idOf(names.padToken, PAD_TOKENS) ?? sepId,
    markedLengths: model.continuing_subword_prefix ? lengthsOf(ids) : undefined,
    largestId: [clsId, sepId, ...ids.values()].reduce((most, id) => Math.max(most, id), 0),
  };
}

function* entriesOf(
  vocabulary: z.infer<typeof fileSchema>['model']['vocab'],
): Iterable<[string, number]> {
  if (Array.isArray(vocabulary)) {
    for (let id = 0; id < vocabulary.length; id++) yield [(vocabulary as [string][])[id]![0], id];
  } else yield* Object.entries(vocabulary as Readonly<Record<string, number>>);
}

function lengthsOf(ids: ReadonlyMap<string, number>): Uint16Array {
  const lengths = new Uint16Array([...ids.values()].reduce((a, b) => Math.max(a, b), 0) + 1);
  for (const [entry, id] of ids) lengths[id] = Array.from(entry).length;
  return lengths;
}

function isScoredEntry(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}

/** Ids may have gaps, but not so wide that tables by id would not fit in memory. */
const MOST_IDS = 2 ** 24;

function isEntries(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (id) => Number.isInteger(id) && (id as number) >= 0 && (id as number) < MOST_IDS,
  );
}
