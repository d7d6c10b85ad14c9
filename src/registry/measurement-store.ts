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

/** All that a measurement depends on, except the variant itself. */
export interface MeasuredHost {
  readonly cpuModel: string;
  readonly cpuFlags: string;
  readonly runtime: string;
  readonly provider: string;
  readonly workers: number;
  readonly threads: number;
}

/**
 * Keeps measurements from start to start, one small file per host and variant, so that only a first start
 * measures. A file that is missing or damaged means: measure again.
 */
export class MeasurementStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async read(host: MeasuredHost, variantDigest: string): Promise<Measurement | undefined> {
    try {
      const parsed = measurementSchema.safeParse(
        JSON.parse(await readFile(this.#file(host, variantDigest), 'utf8')),
      );
      return parsed.data;
    } catch {
      // Whatever is wrong with a cached figure, measuring again puts it right.
      return undefined;
    }
  }

  /** Written aside, then renamed. Rejects where the folder cannot be written. */
  async write(host: MeasuredHost, variantDigest: string, measurement: Measurement): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const file = this.#file(host, variantDigest);
    const aside = `${file}.${process.pid}`;
    await writeFile(aside, `${JSON.stringify(measurement, null, 2)}\n`);
    await rename(aside, file);
  }

  #file(host: MeasuredHost, variantDigest: string): string {
    const key = createHash('sha256')
      .update(JSON.stringify([MEASUREMENT_VERSION, host, variantDigest]))
      .digest('hex');
    return path.join(this.#dir, `${key.slice(0, 32)}.json`);
  }
}
