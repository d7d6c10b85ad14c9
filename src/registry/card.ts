import { z } from 'zod';
import { variantName } from '../names.js';
import { calibrationSchema } from './calibration.js';

const f1 = z.number().min(0).max(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const free = z.record(z.string(), z.unknown());

/** What a card holds at most: it is read as a whole, and all sentences are answered at each first start. */
export const MAX_SENTENCES = 2000;
export const MAX_SENTENCE_CHARS = 10_000;

/** The most important first, as numbers of units; one list a layer. */
const orders = z.array(z.array(z.int().min(0)).min(1)).min(1);
const order = z.union([z.literal('stored'), orders]);

/** Trained so that it answers well with fewer of its units, the least important ones left out first. */
const elasticSchema = z
  .strictObject({
    heads: order.describe(
      'Of attention heads: `stored` if each layer holds the most important first.',
    ),
    ffn: order.describe('Of feed-forward channels, likewise.'),
    trained: z
      .strictObject({
        layers: z.array(z.array(z.int().min(0)).min(1)).optional(),
        heads: z.array(z.number().gt(0).max(1)).optional(),
        ffn: z.array(z.number().gt(0).max(1)).optional(),
      })
      .optional()
      .describe('Sets of layers and shares of units that it was trained with; others are guesses.'),
  })
  .superRefine(({ heads, ffn }, context) => {
    if (heads === 'stored' || ffn === 'stored' || heads.length === ffn.length) return;
    const message = `${heads.length} layers of heads, ${ffn.length} of channels`;
    context.addIssue({ code: 'custom', message });
  });

/** The facts of a variant, `models/NAME/card.json`. `models/card.schema.json` is generated from this. */
export const cardSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    name: variantName,
    task: z.literal('token-classification'),
    description: z.string().min(1),
    parent: variantName.nullable().describe('The variant that this one was made from.'),
    recipe: z
      .looseObject({ precision: z.string().min(1) })
      .describe('How this variant follows from its parent.'),
    file: z.string().regex(/^[\w][\w.-]*$/, 'expected a file name without a folder'),
    sha256: sha256.describe('Of the model file.'),
    sizeBytes: z.int().positive(),
    parameters: z.int().positive(),
    labels: z.array(z.string().min(1)).min(2).describe('In the order of the logits.'),
    tagging: z
      .enum(['iob1', 'iob2'])
      .optional()
      .describe(
        'How B- and I- are meant: in iob1 a span begins with I- unless it follows one of its type. Absent: iob2.',
      ),
    inputs: z.strictObject({
      caseTypes: z.boolean().describe('Case classes are fed through token_type_ids.'),
      maxLength: z.int().min(8).max(8192).describe('Tokens of a window, special ones included.'),
    }),
    tokenizer: z.strictObject({
      directory: z.string().regex(/^[\w][\w.-]*$/, 'expected the name of a folder of models/'),
      sha256: sha256.describe('Of its tokenizer.json.'),
      unknownToken: z
        .string()
        .min(1)
        .optional()
        .describe('Where the file does not name it: the token for what is not in the vocabulary.'),
      padToken: z.string().min(1).optional().describe('Absent: [PAD] or <pad>, if it has one.'),
    }),
    providers: z.array(z.enum(['cpu', 'cuda'])).min(1),
    quality: z
      .strictObject({
        value: f1,
        measure: z
          .enum(['entity_f1', 'agreement'])
          .describe('agreement: entity F1 against the answers of a model of unknown quality.'),
        split: z.enum(['validation', 'test', 'reference']),
        source: z.enum(['measured', 'estimated']),
      })
      .nullable()
      .describe('null: nobody has evaluated this model.'),
    evaluation: free.describe('Precision, recall and F1 per split, and on altered text.'),
    calibration: calibrationSchema
      .optional()
      .describe(
        'How far its probabilities can be believed; without it they are taken as they are.',
      ),
    elastic: elasticSchema
      .optional()
      .describe('Of a model that was trained to be cut; without it the norms of weights decide.'),
    reference: z
      .array(
        z.strictObject({
          text: z.string().min(1).max(MAX_SENTENCE_CHARS),
          entities: z
            .array(
              z.strictObject({
                label: z.string().min(1),
                start: z.int().min(0),
                end: z.int().min(1),
              }),
            )
            .max(MAX_SENTENCE_CHARS),
        }),
      )
      .min(1)
      .max(MAX_SENTENCES)
      .describe("Sentences with this variant's own answers, offsets in code points."),
    latency: free.optional().describe('Measured where the variant was made; for people only.'),
    provenance: free.describe('Command, seed, versions, data.'),
  })
  .meta({ title: 'Entier variant card' });

export type Card = z.infer<typeof cardSchema>;

/**
 * `models/manifest.json`: the variants, in an order that ranks those of unknown quality. Of these, `retired` are not
 * loaded: they are there for others to be made of them.
 */
export const manifestSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    variants: z.array(variantName).min(1),
    retired: z.array(variantName).optional(),
  })
  .superRefine(({ variants, retired = [] }, context) => {
    for (const name of retired) {
      if (variants.includes(name)) continue;
      const message = `${name} is retired, but not among the variants`;
      context.addIssue({ code: 'custom', path: ['retired'], message });
    }
    if (variants.some((name) => !retired.includes(name))) return;
    context.addIssue({ code: 'custom', path: ['retired'], message: 'a variant must be left' });
  });

export type Manifest = z.infer<typeof manifestSchema>;
