import { performance } from 'node:perf_hooks';
import { SingleBar } from 'cli-progress';

export interface Step {
  label: string;
  seconds: number;
}

export interface Progress {
  /** Begins the next step, or one that was not planned and comes before it. */
  next(unplanned?: Step): void;
  stop(): void;
}

interface ProgressOptions {
  steps: readonly Step[];
  stream?: NodeJS.WriteStream | NodeJS.WritableStream;
  /** Milliseconds on a monotonic clock. */
  now?: () => number;
}

/** Shows the progress of `work`, which calls `next` at the beginning of each step. */
export async function withProgress<T>(
  options: ProgressOptions,
  work: (next: (unplanned?: Step) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress(options);
  try {
    return await work((unplanned) => progress.next(unplanned));
  } finally {
    // The timers of a bar would keep the process alive after a failure.
    progress.stop();
  }
}

/** Shows the step that runs and the time left: a bar on a terminal, else one plain line per step. */
export function startProgress(options: ProgressOptions): Progress {
  const { stream = process.stderr, now = () => performance.now() } = options;
  const steps = [...options.steps];
  let current = -1;
  const advance = (unplanned: Step | undefined): void => {
    current++;
    if (unplanned !== undefined) steps.splice(current, 0, unplanned);
  };
  let startedAt = now();
  if (!('isTTY' in stream && stream.isTTY)) {
    return {
      next: (unplanned) => {
        advance(unplanned);
        stream.write(`${formatStep(steps, current)}\n`);
      },
      stop: () => undefined,
    };
  }
  const bar = new SingleBar({ stream, format: '{bar} {step}', hideCursor: true, barsize: 24 });
  bar.start(secondsOf(steps), 0, { step: 'starting' });
  const show = (): void => {
    // A step that takes longer than planned waits at its end, and does not eat into the next one.
    const elapsed = Math.min((now() - startedAt) / 1000, steps[current]?.seconds ?? 0);
    const before = secondsOf(steps.slice(0, Math.max(current, 0)));
    bar.update(before + elapsed, { step: formatStep(steps, current, elapsed) });
  };
  const timer = setInterval(show, 500);
  return {
    next: (unplanned) => {
      advance(unplanned);
      bar.setTotal(secondsOf(steps));
      startedAt = now();
      show();
    },
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}

/** Such as `3/12 interactive, 4 connections, 1 min 52 s left`. */
export function formatStep(steps: readonly Step[], index: number, elapsedSeconds = 0): string {
  const left = secondsOf(steps.slice(Math.max(index, 0))) - elapsedSeconds;
  return `${index + 1}/${steps.length} ${steps[index]?.label ?? 'starting'}, ${formatSeconds(left)} left`;
}

export function formatSeconds(seconds: number): string {
  const whole = Math.max(Math.ceil(seconds), 0);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function secondsOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { seconds }) => sum + seconds, 0);
}
