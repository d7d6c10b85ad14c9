import { SingleBar } from 'cli-progress';

/** Shows how far a build is: a bar on a terminal, else a line whenever what it does changes. */
export class BuildBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: SingleBar | undefined;
  #step = '';

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    if (!stream.isTTY) return;
    this.#bar = new SingleBar({
      stream,
      format: '{bar} {percentage} % {step}',
      hideCursor: true,
      barsize: 24,
      clearOnComplete: true,
      stopOnComplete: false,
      // A terminal that is interrupted gets its cursor back when the command stops the bar.
      gracefulExit: false,
    });
    this.#bar.start(1, 0, { step: 'starting' });
  }

  /** `share` from 0 to 1. */
  show(share: number, step: string): void {
    if (this.#bar !== undefined) this.#bar.update(share, { step });
    else if (step !== this.#step) this.#stream.write(`${step}\n`);
    this.#step = step;
  }

  stop(): void {
    this.#bar?.stop();
  }
}
