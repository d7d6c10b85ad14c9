/** Exit codes of the command line. */
export const EXIT = { failed: 1, usage: 2, notGoodEnough: 3, interrupted: 130 } as const;

/** Ends the command with a message for people, who need no stack. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failed,
  ) {
    super(message);
  }
}

/** A wrong command line, or one that names what there is not. */
export function usageError(message: string): CliError {
  return new CliError(message, EXIT.usage);
}
