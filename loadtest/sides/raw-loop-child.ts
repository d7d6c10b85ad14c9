import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stopOnExit } from '../stop-on-exit.js';

/** `run` goes round the texts for so long; `pass` runs each text once, in the order of the corpus. */
export type ToRawLoop = { type: 'run'; seconds: number } | { type: 'pass' };

export type FromRawLoop = { type: 'ready' } | ({ type: 'done' } & RawRuns);

export interface RawRuns {
  /** Of each run, in order. */
  latenciesMs: number[];
  seconds: number;
}

export interface RawLoopOptions {
  modelsDir: string;
  variant: string;
  /** Of the corpus, from its beginning. */
  sentences: number;
  /** Which of how many processes it is: each begins at its own place of the corpus. */
  place: number;
  processes: number;
}

export interface RawLoopChild {
  pid: number;
  /** One at a time. Rejects where the process ends first. */
  ask(question: ToRawLoop): Promise<RawRuns>;
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL('./raw-loop-process.js', import.meta.url));

/** Starts a process that runs tokenised text through ONNX Runtime alone, with one thread; resolves when it has loaded. */
export async function startRawLoopChild(options: RawLoopOptions): Promise<RawLoopChild> {
  const { modelsDir, variant, sentences, place, processes } = options;
  const args = [modelsDir, variant, sentences, place, processes].map(String);
  const child = fork(script, args, { serialization: 'advanced' });
  const forget = stopOnExit(child);
  const stop = async (): Promise<void> => {
    await stopLoop(child);
    forget();
  };
  try {
    await messageOf(child, 'ready');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid!,
    ask: (question) => {
      const done = messageOf(child, 'done');
      child.send(question);
      return done;
    },
    stop,
  };
}

/** The next message of a kind; rejects where the process ends first. */
async function messageOf<T extends FromRawLoop['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<FromRawLoop, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      const content = message as FromRawLoop;
      if (content.type !== type) return;
      forget();
      resolve(content as Extract<FromRawLoop, { type: T }>);
    };
    const onExit = (code: number | null): void => {
      forget();
      reject(new Error(`a process of the raw loop ended with ${code}; its output is above`));
    };
    const forget = (): void => void child.off('message', onMessage).off('exit', onExit);
    child.on('message', onMessage).on('exit', onExit);
  });
}

async function stopLoop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
