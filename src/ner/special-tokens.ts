import { z } from 'zod';

/** The tokens that a model wants around every text, before and after it. */
export interface SpecialTokenIds {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const token = z.tuple([z.string(), z.int().nonnegative()]);
const aroundSchema = z.object({
  type: z.enum(['BertProcessing', 'RobertaProcessing']),
  cls: token,
  sep: token,
});
const templateSchema = z.object({
  type: z.literal('TemplateProcessing'),
  single: z.array(
    z.union([
      z.object({ SpecialToken: z.object({ id: z.string() }) }),
      z.object({ Sequence: z.object({ id: z.enum(['A', 'B']) }) }),
    ]),
  ),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int().nonnegative()) })),
});
const sequenceSchema = z.object({
  type: z.literal('Sequence'),
  processors: z.array(z.looseObject({ type: z.string() })),
});
/** Changes offsets only. */
const byteLevelSchema = z.object({ type: z.literal('ByteLevel') });
const processorSchema = z.discriminatedUnion('type', [
  aroundSchema,
  templateSchema,
  sequenceSchema,
  byteLevelSchema,
]);

const NONE: SpecialTokenIds = { before: [], after: [] };

/** What the `post_processor` of a tokenizer.json puts around one text. Throws ZodError for one of an unknown kind. */
export function specialTokens(postProcessor: unknown): SpecialTokenIds {
  if (postProcessor === null || postProcessor === undefined) return NONE;
  const processor = processorSchema.parse(postProcessor, { reportInput: false });
  switch (processor.type) {
    case 'ByteLevel':
      return NONE;
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [processor.cls[1]], after: [processor.sep[1]] };
    case 'Sequence':
      // Each puts its own around those of the one before it.
      return processor.processors.map(specialTokens).reduce(
        (inner, outer) => ({
          before: [...outer.before, ...inner.before],
          after: [...inner.after, ...outer.after],
        }),
        NONE,
      );
    case 'TemplateProcessing': {
      const { single, special_tokens: ids } = processor;
      const text = single.findIndex((piece) => 'Sequence' in piece);
      const idsOf = (pieces: typeof single): number[] =>
        pieces.flatMap((piece) =>
          'SpecialToken' in piece ? (ids[piece.SpecialToken.id]?.ids ?? []) : [],
        );
      return { before: idsOf(single.slice(0, text)), after: idsOf(single.slice(text + 1)) };
    }
  }
}
