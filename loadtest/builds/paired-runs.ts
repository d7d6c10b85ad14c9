import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../statistics.js';
import { stopOnExit } from '../stop-on-exit.js';

export interface PairedRunsOptions {
  tokenizer: string;
  built: string;
  reference: string;
  /** Of the corpus, from its beginning. */
  sentences: number;
  /** Beside one that is not counted. */
  passes: number;
}

/** Run times of every text on both files, ms, in the order of the texts. */
export interface PairedPass {
  builtMs: number[];
  referenceMs: number[];
}

export interface RunTimeFigures {
  /** Median text. */
  builtMs: number;
  referenceMs: number;
  /** Of the sums over all texts. */
  ratio: number;
  /** The median of the ratios text by text. */
  pairedRatio: number;
}

const script = fileURLToPath(new URL('./paired-runs-process.js', import.meta.url));

/** Runs every text on both files in turns, in one process that has nothing else to do; rejects where that fails. */
export async function runInTurns(options: PairedRunsOptions): Promise<RunTimeFigures[]> {
  const child = fork(script, [JSON.stringify(options)], { serialization: 'advanced' });
  const forget = stopOnExit(child);
  try {
    const passes = await new Promise<PairedPass[]>((resolve, reject) => {
      child.once('message', (message) => resolve(message as PairedPass[]));
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`the process of the paired runs ended with ${code}; see above`)),
      );
    });
    return passes.map(runTimesOf);
  } finally {
    // It waits for that, so that its message is never overtaken by its end.
    if (child.connected) child.disconnect();
    forget();
  }
}

export function runTimesOf({ builtMs, referenceMs }: PairedPass): RunTimeFigures {
  const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
  return {
    builtMs: median(builtMs),
    referenceMs: median(referenceMs),
    ratio: sum(builtMs) / sum(referenceMs),
    pairedRatio: median(builtMs.map((ms, text) => ms / referenceMs[text]!)),
  };
}
