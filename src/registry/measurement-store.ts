import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const measurementSchema = z.object({
  /** Of runs alone, without the way to the worker and back. */
  profile: z.object({ a: z.number(), b: z.number(), c: z.number() }),
  /** Agreement with the answers on the card, entity F1. */
  agreement: z.number(),
  measuredAt: z.string(),
});

/** Goes up with what the figures mean, so that older ones are not taken for them. */
const MEASUREMENT_VERSION = 2;

/** What a variant was found to be on this host. */
export type Measurement = z.infer<typeof measurementSchema>;

const count = z.int().min(1);
const layoutSchema = z.object({
  workers: count,
  threads: count,
  /** For people who wonder about the choice. */
  figures: z.array(
    z.object({ workers: count, threads: count, answersPerSecond: z.number().positive() }),
  ),
  measuredAt: z.string(),
});

/** The layout of workers that was found to answer the most on this host. */
export type LayoutMeasurement = z.infer<typeof layoutSchema>;

interface KnownHost {
  readonly cpuModel: string;
  readonly cpuFlags: string;
  readonly runtime: string;
  readonly provider: string;
}

/** All that a variant's measurement depends on, except the variant itself. */
export interface MeasuredHost extends KnownHost {
  readonly workers: number;
  readonly threads: number;
}

/** All that the best layout depends on, except the models. */
export interface LayoutHost extends KnownHost {
  readonly cores: number;
}

/**
 * Keeps measurements from start to start, one small file each, so that only a first start measures. A file that is
 * missing or damaged means: measure again.
 */
export class MeasurementStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  read(host: MeasuredHost, variantDigest: string): Promise<Measurement | undefined> {
    return this.#read(measurementSchema, [host, variantDigest]);
  }

  /** Rejects where the folder cannot be written. */
  write(host: MeasuredHost, variantDigest: string, measurement: Measurement): Promise<void> {
    return this.#write([host, variantDigest], measurement);
  }

  readLayout(host: LayoutHost, modelsDigest: string): Promise<LayoutMeasurement | undefined> {
    return this.#read(layoutSchema, ['layout', host, modelsDigest]);
  }

  /** Rejects where the folder cannot be written. */
  writeLayout(host: LayoutHost, modelsDigest: string, layout: LayoutMeasurement): Promise<void> {
    return this.#write(['layout', host, modelsDigest], layout);
  }

  async #read<T>(schema: z.ZodType<T>, key: unknown): Promise<T | undefined> {
    try {
      return schema.safeParse(JSON.parse(await readFile(this.#file(key), 'utf8'))).data;
    } catch {
      // Whatever is wrong with a cached figure, measuring again puts it right.
      return undefined;
    }
  }

  /** Written aside, then renamed. */
  async #write(key: unknown, value: unknown): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const file = this.#file(key);
    const aside = `${file}.${process.pid}`;
    await writeFile(aside, `${JSON.stringify(value, null, 2)}\n`);
    await rename(aside, file);
  }

  #file(key: unknown): string {
    const digest = createHash('sha256')
      .update(JSON.stringify([MEASUREMENT_VERSION, key]))
      .digest('hex');
    return path.join(this.#dir, `${digest.slice(0, 32)}.json`);
  }
}
