import { ModelError, RecipeError } from '../compress/compress-error.js';
import { isStorageFull } from '../registry/write-durably.js';
import type { BuildOutcome } from './build-job.js';
import { DisagreementError } from './gate-variant.js';
import { GateError } from './gate-worker.js';

/** The parent's file is not the one that its card describes. */
export class ParentChangedError extends Error {
  override readonly name = 'ParentChangedError';
}

/** What an error of a build means for the one who asked for it; details name no path. */
export function outcomeOfError(error: unknown): BuildOutcome {
  if (error instanceof GateError) {
    const agreement = error instanceof DisagreementError ? error.agreement : undefined;
    return { kind: 'gate_failed', detail: error.message, agreement };
  }
  if (error instanceof RecipeError) {
    const { issues, message } = error;
    return { kind: 'failed', code: 'invalid_recipe', detail: message, issues };
  }
  if (error instanceof ModelError || error instanceof ParentChangedError) {
    return { kind: 'failed', code: 'invalid_model', detail: error.message };
  }
  if (isStorageFull(error)) {
    const detail = 'there is no room left to write the model; free some and ask again';
    return { kind: 'failed', code: 'storage_full', detail };
  }
  return { kind: 'failed', code: 'internal', detail: withoutPath(error) };
}

function withoutPath(error: unknown): string {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return `a file could not be used (${code ?? 'unknown'}, ${syscall})`;
  return message;
}
