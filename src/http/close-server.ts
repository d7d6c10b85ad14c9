import type { Server } from 'node:http';

/** How often connections that have become idle are looked for. */
const SWEEP_EVERY_MS = 20;

/**
 * Takes no new connections, lets those with a request under way finish it, and closes each as it becomes idle. What is
 * still open after `timeoutMs` is cut. Resolves to whether all could finish.
 */
export async function closeServer(server: Server, timeoutMs: number): Promise<boolean> {
  let finished = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_EVERY_MS);
  const cut = setTimeout(() => {
    finished = false;
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  return finished;
}
