import { errors } from '../errors.js';
import { isNeeded } from './needed-variants.js';
import type { Experiments } from '../experiments/experiments.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';
import type { PoolMemory, WorkerPool } from '../runtime/worker-pool.js';
import type { VariantUsage } from './variant-usage.js';

/** What the workers hold: sizes of the files, and what they take of memory where that can be seen. */
export interface HeldVariants {
  readonly fileBytes: number;
  readonly workers: number;
  readonly memory: PoolMemory | undefined;
}

export interface WarmMemoryOptions {
  readonly registry: VariantRegistry;
  readonly pool: Pick<WorkerPool, 'memory' | 'readyCount'>;
  readonly experiments: Pick<Experiments, 'view'>;
  readonly usage: VariantUsage;
  /** Of the sessions of all workers together. */
  readonly maxWarmBytes: number;
  readonly mayLeave: (name: string) => boolean;
}

/**
 * Bytes of a worker's memory per byte of the files it holds, where it cannot be measured. Six of our variants of 155 MB
 * took 377 MB: weights are unpacked, packed again for the CPU's instructions, and widened where they are stored in half.
 */
const BYTES_PER_FILE_BYTE = 2.5;

/**
 * What the sessions of all workers take, measured as the growth of the workers since they were empty; estimated from the
 * files where the system does not tell.
 */
export function heldBytes({ fileBytes, workers, memory }: HeldVariants): number {
  if (memory === undefined) return fileBytes * workers * BYTES_PER_FILE_BYTE;
  return Math.max(0, memory.residentBytes - memory.emptyBytes);
}

/** What one variant takes or would take in all workers: its file's share of what the files that are held take. */
export function bytesOf(sizeBytes: number, held: HeldVariants): number {
  if (held.fileBytes === 0) return sizeBytes * held.workers * BYTES_PER_FILE_BYTE;
  return (sizeBytes / held.fileBytes) * heldBytes(held);
}

/** Who must leave the workers so that others have room. */
export class WarmMemory {
  readonly #options: WarmMemoryOptions;

  constructor(options: WarmMemoryOptions) {
    this.#options = options;
  }

  /**
   * The variant that must leave before this one is loaded: the least used one that nothing needs; undefined where there
   * is room. Throws a conflict where nobody may leave.
   */
  leaverFor({ name, card }: VariantEntry): string | undefined {
    const { maxWarmBytes, usage } = this.#options;
    const held = this.#held();
    const neededBytes = heldBytes(held) + bytesOf(card?.sizeBytes ?? 0, held);
    if (neededBytes <= maxWarmBytes) return undefined;
    const [least] = this.#candidates(name).sort(
      (left, right) => usage.of(left.name) - usage.of(right.name),
    );
    if (least !== undefined) return least.name;
    const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
    throw errors.conflict(
      `With ${name} the variants in all workers would take about ${megabytes(neededBytes)} MB, and maxWarmBytes ` +
        `allows ${megabytes(maxWarmBytes)} MB; none of the others may leave for it.`,
    );
  }

  #candidates(newcomer: string): VariantEntry[] {
    const { registry, experiments, mayLeave } = this.#options;
    return registry.list().filter(({ name, state }) => {
      if (name === newcomer || !mayLeave(name)) return false;
      if (state === 'warm') return true;
      return state === 'active' && !isNeeded(name, registry, experiments.view());
    });
  }

  #held(): HeldVariants {
    const { registry, pool } = this.#options;
    const fileBytes = registry
      .list()
      .filter(({ state }) => state === 'active' || state === 'warm')
      .reduce((sum, { card }) => sum + (card?.sizeBytes ?? 0), 0);
    return { fileBytes, workers: pool.readyCount, memory: pool.memory() };
  }
}
