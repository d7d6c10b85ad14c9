import type { z } from 'zod';

/** What is wrong with a model that somebody brings. */
export interface ModelProblem {
  /** A file of its folder; empty: the folder itself. */
  readonly file: string;
  /** Says which field, where it is about one, and what to do. No path. */
  readonly detail: string;
}

/** The model is refused; nothing was written. */
export class ModelFolderError extends Error {
  override readonly name = 'ModelFolderError';

  constructor(
    readonly problems: readonly ModelProblem[],
    options?: ErrorOptions,
  ) {
    const lines = problems.map(({ file, detail }) => (file === '' ? detail : `${file}: ${detail}`));
    super(lines.join('\n'), options);
  }
}

export function refused(file: string, detail: string, cause?: unknown): ModelFolderError {
  return new ModelFolderError([{ file, detail }], { cause });
}

const MOST_ISSUES = 5;

/** One problem a field. */
export function refusedByZod(file: string, error: z.ZodError): ModelFolderError {
  const problems = error.issues.slice(0, MOST_ISSUES).map(({ path, message }) => {
    const field = path.map(String).join('.').slice(0, 80);
    return { file, detail: field === '' ? message : `${field}: ${message}` };
  });
  return new ModelFolderError(problems, { cause: error });
}
