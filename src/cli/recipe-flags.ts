import { PRECISIONS, recipeSchema, type Recipe } from '../compress/recipe.js';
import type { FieldIssue } from '../errors.js';
import { usageError } from './cli-error.js';
import type { Flags, FlagSpec } from './flags.js';

export const recipeFlags = {
  precision: { value: 'P', help: `${PRECISIONS.join(', ')} (as the parent is)` },
  layers: { value: '0,2,4', help: 'encoder layers that stay (all)' },
  ffn: { value: '.75', help: 'share of the feed-forward channels that stays (1)' },
  heads: { value: '.5', help: 'share of the attention heads that stays (1)' },
  embeddings: { value: 'E', help: 'int8 or float (int8 with int8, w8 and w4)' },
  'weight-bits': { value: 'B', help: 'of int8: 8, or 7 for CPUs without VNNI (by this CPU)' },
} as const satisfies Record<string, FlagSpec>;

/** The recipe that flags ask for. Throws CliError with a line for each that is wrong. */
export function recipeOf(flags: Flags): Recipe {
  const given = {
    precision: flags.text('precision'),
    layers: flags.wholeNumbers('layers'),
    ffn: flags.number('ffn', { min: 0, max: 1 }),
    heads: flags.number('heads', { min: 0, max: 1 }),
    embeddings: flags.text('embeddings'),
    weightBits: flags.number('weight-bits', { min: 7, max: 8, whole: true }),
  };
  const recipe = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  if (Object.keys(recipe).length === 0) {
    throw usageError(
      `nothing is to be changed; say one of --${Object.keys(recipeFlags).join(', --')}`,
    );
  }
  const parsed = recipeSchema.safeParse(recipe);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    pointer: `/${path.join('/')}`,
    detail: message,
  }));
  throw usageError(issueLines(issues));
}

/** One line a field, by its flag. */
export function issueLines(issues: readonly FieldIssue[]): string {
  return issues
    .map(({ pointer, detail }) => {
      const key = pointer.split('/')[1] ?? '';
      return `--${key === 'weightBits' ? 'weight-bits' : key}: ${detail}`;
    })
    .join('\n');
}
