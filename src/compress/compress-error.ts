import type { FieldIssue } from '../errors.js';

export type ModelErrorCode =
  /** Not a protobuf message of the ONNX schema, or one without a graph. */
  | 'not_onnx'
  /** Larger than a limit of ModelLimits. */
  | 'too_large'
  /** Weights outside of the file. */
  | 'external_data'
  | 'unknown_domain'
  | 'unknown_operator'
  /** A graph in an attribute, or a function. */
  | 'nested_graph'
  /** Valid ONNX that the compressor does not take. */
  | 'unsupported'
  /** A tensor whose type, shape and bytes do not fit each other. */
  | 'bad_tensor'
  /** Values that are made twice, never, or from themselves. */
  | 'bad_graph';

/** The model is refused; the message says what is wrong with it and what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(
    readonly code: ModelErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The recipe is refused: it is no recipe, or this model cannot be changed in this way. One issue a field. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';

  constructor(readonly issues: readonly FieldIssue[]) {
    super(issues.map(({ pointer, detail }) => `${pointer || 'the recipe'}: ${detail}`).join('; '));
  }
}

const LONGEST_QUOTE = 80;

/** A name out of a file that nobody checked, fit to be printed. */
export function quoted(name: string): string {
  const shown = name.length > LONGEST_QUOTE ? `${name.slice(0, LONGEST_QUOTE)}…` : name;
  return JSON.stringify(shown);
}
