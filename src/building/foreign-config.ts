import { z } from 'zod';
import { refused, refusedByZod } from './model-folder-error.js';
import type { ModelFolder } from './model-folder.js';

/** What the gateway needs to know of a model that others made. */
export interface ForeignConfig {
  readonly modelType: string | undefined;
  /** In the order of the logits. */
  readonly labels: readonly string[];
  /** Tokens of a window, special ones included. */
  readonly maxLength: number;
  readonly vocabularySize: number | undefined;
  readonly unknownToken: string | undefined;
  readonly padToken: string | undefined;
}

/**
 * Longer windows are not cut for models that could take them: the time of attention grows with the square of the
 * length, and most taggers were trained on windows of 512 or shorter ones.
 */
const LONGEST_WINDOW = 512;
const SHORTEST_WINDOW = 8;
const MOST_LABELS = 1000;

/** They count positions from behind the id of the padding token, so of 514 rows 512 are used. */
const COUNT_FROM_PADDING = new Set(
  'roberta xlm-roberta xlm-roberta-xl camembert roberta-prelayernorm mpnet data2vec-text longformer xmod ibert'.split(
    ' ',
  ),
);
/** Their positions are relative, so that no table ends. */
const RELATIVE_POSITIONS = new Set(['deberta', 'deberta-v2']);

const configSchema = z.object({
  model_type: z.string().max(100).optional(),
  id2label: z
    .record(z.string(), z.string().min(1).max(200), 'expected the names of the labels')
    .superRefine((names, context) => {
      const count = Object.keys(names).length;
      const wrong = (message: string): void => context.addIssue({ code: 'custom', message });
      if (count < 2) wrong('a tagger has two labels at least');
      else if (count > MOST_LABELS) wrong(`${count} labels, at most ${MOST_LABELS} are taken`);
      else if (!Array.from({ length: count }, (_, id) => String(id)).every((id) => id in names)) {
        wrong(`expected a label for each of 0 to ${count - 1}`);
      }
    }),
  vocab_size: z.int().positive().optional(),
  max_position_embeddings: z.int().positive().optional(),
  pad_token_id: z.int().min(0).nullish(),
});

const token = z
  .union([z.string().min(1), z.object({ content: z.string().min(1) })])
  .nullish()
  .transform((value) => (typeof value === 'object' ? value?.content : value));
const tokenizerConfigSchema = z.object({
  unk_token: token,
  pad_token: token,
  // Some files say 1e30: no limit.
  model_max_length: z.number().positive().nullish(),
});

/** Throws ModelFolderError, one problem for each wrong field. */
export function foreignConfig(
  folder: Pick<ModelFolder, 'config' | 'tokenizerConfig'>,
): ForeignConfig {
  const config = parse('config.json', folder.config, configSchema);
  const tokenizer = parse(
    'tokenizer_config.json',
    folder.tokenizerConfig ?? '{}',
    tokenizerConfigSchema,
  );
  const labels = Object.keys(config.id2label).map((_, id) => config.id2label[String(id)]!);
  const double = labels.find((label, id) => labels.indexOf(label) !== id);
  if (double !== undefined) {
    throw refused('config.json', `id2label: two labels are named ${JSON.stringify(double)}`);
  }
  const maxLength = Math.min(
    LONGEST_WINDOW,
    positionsOf(config),
    Math.floor(tokenizer.model_max_length ?? LONGEST_WINDOW),
  );
  if (maxLength < SHORTEST_WINDOW) {
    throw refused(
      'config.json',
      `max_position_embeddings: windows of ${maxLength} tokens are too short; at least ${SHORTEST_WINDOW} are needed`,
    );
  }
  return {
    modelType: config.model_type,
    labels,
    maxLength,
    vocabularySize: config.vocab_size,
    unknownToken: tokenizer.unk_token ?? undefined,
    padToken: tokenizer.pad_token ?? undefined,
  };
}

function positionsOf(config: z.infer<typeof configSchema>): number {
  const { model_type: type = '', max_position_embeddings: rows = LONGEST_WINDOW } = config;
  if (RELATIVE_POSITIONS.has(type)) return LONGEST_WINDOW;
  return COUNT_FROM_PADDING.has(type) ? rows - (config.pad_token_id ?? 1) - 1 : rows;
}

function parse<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refused(file, 'it is not JSON', error);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw refusedByZod(file, parsed.error);
  return parsed.data;
}
