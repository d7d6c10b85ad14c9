import { decode } from '../ner/decode.js';
import { cutWindows, stitchLogits } from '../ner/windows.js';
import { batchInput, splitLogits, type EncodedWindow } from '../runtime/batch-input.js';
import type { EncodedText, Window } from '../ner/encoded-text.js';
import type { Card } from '../registry/card.js';
import type { BatchOutput } from '../runtime/protocol.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { MeasuringTools } from '../building/reference-answers.js';

export interface TrialTools extends Omit<MeasuringTools, 'run'> {
  /** Whatever else this process does for a request: HTTP, above all. */
  readonly exchange: (text: string) => Promise<void>;
}

/** A text with all that was done for it before it may run. */
interface ReadyText {
  readonly encoded: EncodedText;
  readonly windows: readonly Window[];
}

/**
 * What comes in, in turn: texts alone, and small batches of like length as they form under load. `at` is the rank of their
 * length among the texts of a card, of which most are shorter than sentences of newspapers, for the sake of the gate.
 */
const MIX = [
  { at: 0.8, texts: 1 },
  { at: 0.88, texts: 1 },
  { at: 0.92, texts: 2 },
  { at: 0.94, texts: 1 },
  { at: 0.98, texts: 1 },
  { at: 0.92, texts: 4 },
] as const;
/** Batches a worker for which all is done before it asks for one: under load, requests wait and not workers. */
const READY_PER_WORKER = 2;
/** A measured run has no prediction yet that would tell when it hangs. */
const HUNG_AFTER_MS = 30_000;

/**
 * Load as in service, for measuring layouts: every worker always has a batch, and this process does for every answer
 * what it does for a request, on the same cores: HTTP, tokenizer, the way to a worker and back, decoder.
 */
export class LayoutTrial {
  readonly #tools: TrialTools;
  readonly #card: Card;
  readonly #batches: readonly (readonly string[])[];
  readonly #textsPerToken: number;
  readonly #ready: Promise<ReadyText[]>[] = [];
  #taken = 0;

  private constructor(tools: TrialTools, card: Card, texts: readonly EncodedText[]) {
    const byLength = [...texts].sort((left, right) => left.ids.length - right.ids.length);
    const batches = MIX.map(({ at, texts: count }) => {
      const start = Math.max(
        0,
        Math.min(Math.floor(at * byLength.length), byLength.length - count),
      );
      return byLength.slice(start, start + count);
    });
    const all = batches.flat();
    this.#tools = tools;
    this.#card = card;
    this.#batches = batches.map((batch) => batch.map(({ text }) => text));
    this.#textsPerToken = all.length / all.reduce((sum, text) => sum + paidTokens(text), 0);
  }

  /** The texts are the reference sentences of this card; any card of a family will do. */
  static async with(card: Card, tools: TrialTools): Promise<LayoutTrial> {
    const texts = card.reference.map(({ text }) => tools.tokenizer.encode(text));
    return new LayoutTrial(tools, card, await Promise.all(texts));
  }

  /** Does beforehand what so many workers must never wait for. */
  async fill(workers: number): Promise<void> {
    while (this.#ready.length < workers * READY_PER_WORKER) this.#prepareNext();
    await Promise.all(this.#ready);
  }

  /**
   * Answers per second of a variant on `workers` of the pool's workers, all at once, for `sliceMs` and at least one
   * batch each. Counted by tokens, since a slice may end anywhere in the mix. Rejects where a run fails.
   */
  async answersPerSecond(
    pool: WorkerPool,
    { variant, workers, sliceMs }: { variant: string; workers: number; sliceMs: number },
  ): Promise<number> {
    const until = this.#tools.now() + sliceMs;
    const lanes = Array.from({ length: workers }, () => this.#lane(pool, variant, until));
    const tokensPerMs = (await Promise.all(lanes)).reduce((sum, rate) => sum + rate, 0);
    // What was begun for later slices must not take time from them.
    await Promise.all(this.#ready);
    return tokensPerMs * 1000 * this.#textsPerToken;
  }

  /** One worker's tokens per ms. Like the dispatcher, it sends the next batch before it decodes the last one. */
  async #lane(pool: WorkerPool, variant: string, until: number): Promise<number> {
    const { now, tokenizer } = this.#tools;
    const startedAt = now();
    let tokens = 0;
    let decodeLast = (): void => undefined;
    do {
      const texts = await this.#take();
      const input = batchInput(variant, texts.flatMap(windowsOf), tokenizer);
      const running = pool.run(input, HUNG_AFTER_MS);
      decodeLast();
      const output = await running;
      decodeLast = () => this.#decode(texts, input.lengths, output);
      for (const { encoded } of texts) tokens += paidTokens(encoded);
    } while (now() < until);
    decodeLast();
    return tokens / (now() - startedAt);
  }

  #take(): Promise<ReadyText[]> {
    this.#prepareNext();
    return this.#ready.shift()!;
  }

  #prepareNext(): void {
    const texts = this.#batches[this.#taken % this.#batches.length]!;
    this.#taken += 1;
    const ready = Promise.all(texts.map((text) => this.#prepare(text)));
    // Whoever takes it hears of a failure; if the trial ends before, nobody does.
    ready.catch(() => undefined);
    this.#ready.push(ready);
  }

  async #prepare(text: string): Promise<ReadyText> {
    const { exchange, tokenizer } = this.#tools;
    await exchange(text);
    const encoded = await tokenizer.encode(text);
    const maxTokens = this.#card.inputs.maxLength - 2;
    return { encoded, windows: cutWindows(encoded, { maxTokens, overlap: 0 }) };
  }

  #decode(texts: readonly ReadyText[], lengths: Int32Array, output: BatchOutput): void {
    const { labels } = this.#card;
    const logits = splitLogits(output.logits, lengths, labels.length);
    for (const { encoded, windows } of texts) {
      const own = logits.splice(0, windows.length);
      const stitched = stitchLogits(windows, own, labels.length);
      decode(encoded, stitched, { labels, aggregation: 'viterbi' });
    }
  }
}

function windowsOf({ encoded, windows }: ReadyText): EncodedWindow[] {
  return windows.map((window) => ({ encoded, window }));
}

/** With the two special tokens, of which even an empty text has a window. */
function paidTokens({ ids }: EncodedText): number {
  return ids.length + 2;
}
