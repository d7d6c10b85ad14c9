import type { CorpusSentence, EntityLabel } from '../corpus/corpus.js';
import type { SideFigures } from '../measure-side.js';
import type { Entity } from '../score.js';

/** One of those that `peers` compares. */
export interface Side {
  name: string;
  about: string;
  /** The variant whose file it runs; undefined for a model that is not ours. */
  variant: string | undefined;
  /** Installs what is missing and returns the versions that count. Throws where the side cannot run here. */
  prepare(): Record<string, string>;
  start(): Promise<RunningSide>;
}

export interface RunningSide {
  /** From the start of its process until it was ready. */
  readyMs: number;
  measure(load: Load): Promise<SideFigures>;
  /** Its answers to be scored; undefined where it gives none. */
  recogniser: Recogniser | undefined;
  stop(): Promise<void>;
}

export interface Recogniser {
  /** The types that it tells apart as the corpus does. */
  labels: readonly EntityLabel[];
  /** Entities of those types, offsets in code points. */
  find(sentence: CorpusSentence): Promise<readonly Entity[]>;
}

export interface Load {
  texts: readonly string[];
  connections: number;
  /** Seconds. */
  warmup: number;
  duration: number;
}
