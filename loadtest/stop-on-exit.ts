import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();

/** Stops a child when this process ends by Ctrl-C, SIGTERM or an error; the function returned takes it off the list. */
export function stopOnExit(child: ChildProcess): () => void {
  if (children.size === 0) watch();
  children.add(child);
  return () => {
    children.delete(child);
    if (children.size === 0) unwatch();
  };
}

function watch(): void {
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('exit', stopAll);
}

function unwatch(): void {
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('exit', stopAll);
}

function onSignal(signal: NodeJS.Signals): void {
  // 'exit' stops the children; shells expect 128 + the number of the signal.
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function stopAll(): void {
  for (const child of children) child.kill('SIGTERM');
}
