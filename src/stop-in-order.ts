/** What is stopped in two steps, each of which begins when the one before it is over. */
export interface Stoppable {
  /** Takes no more and finishes what is accepted, within a time of its own. */
  drain(): Promise<void>;
  /** Ends all that is left. */
  close(): Promise<void>;
}

/** What is left did not end. */
export class StopTimeoutError extends Error {
  override readonly name = 'StopTimeoutError';
}

/** Workers are killed after a second; the rest is for a host so busy that their end is seen late. */
const END_WITHIN_MS = 5_000;

/**
 * Drains, then ends. The end has its whole time however long the drain took: requests that were finished properly are
 * no failure because the last of them were slow. Rejects with StopTimeoutError.
 */
export async function stopInOrder(app: Stoppable): Promise<void> {
  await app.drain();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new StopTimeoutError('the workers did not end in time');
    timer = setTimeout(() => reject(error), END_WITHIN_MS);
  });
  try {
    await Promise.race([app.close(), late]);
  } finally {
    clearTimeout(timer);
  }
}
