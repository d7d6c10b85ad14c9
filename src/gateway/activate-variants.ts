import { createHash } from 'node:crypto';
import { measureVariant } from '../building/measure-variant.js';
import type { MeasuringTools } from '../building/reference-answers.js';
import type { Card } from '../registry/card.js';
import type { MeasuredHost, Measurement, MeasurementStore } from '../registry/measurement-store.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';
import type { WorkerPool } from '../runtime/worker-pool.js';
import type { Logger } from '../telemetry/logger.js';

export interface ActivationOptions {
  readonly registry: VariantRegistry;
  readonly pool: WorkerPool;
  readonly store: MeasurementStore;
  readonly host: Omit<MeasuredHost, 'provider'>;
  readonly tokenizerOf: (card: Card) => MeasuringTools['tokenizer'];
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * The same file on another CPU may round otherwise (int8 without VNNI saturates, onnxruntime issue 5849): below this
 * entity F1 against its card's own answers a variant is not what its card says, and does not serve.
 */
export const MIN_AGREEMENT = 0.97;
/** A measured run has no prediction yet that would tell when it hangs. */
const HUNG_AFTER_MS = 30_000;

/**
 * Brings every loaded variant from `loading` to `active` or `failed`: measured on this host, or known from an earlier
 * start. As many are measured side by side as there are workers, as they will run.
 */
export async function activateVariants(options: ActivationOptions): Promise<void> {
  const { registry, pool } = options;
  const waiting = registry.list().filter(({ state }) => state === 'loading');
  const lanes = Array.from({ length: Math.max(1, pool.readyCount) }, async () => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      await activate(entry, options);
    }
  });
  await Promise.all(lanes);
}

async function activate(entry: VariantEntry, options: ActivationOptions): Promise<void> {
  const { registry, pool, logger } = options;
  const provider = pool.providerOf(entry.name);
  if (provider === undefined) {
    registry.fail(entry.name, 'no worker has loaded it');
    return;
  }
  try {
    const { profile, agreement } = await measured(entry, provider, options);
    if (agreement < MIN_AGREEMENT) {
      registry.fail(
        entry.name,
        `its answers here agree with those on its card by F1 ${agreement.toFixed(3)} only; this CPU may compute it otherwise`,
      );
      return;
    }
    registry.activate(entry.name, { provider, profile });
  } catch (error) {
    logger.error({ err: error, variant: entry.name }, 'a variant could not be measured');
    registry.fail(entry.name, `it failed its measurement: ${(error as Error).message}`);
  }
}

async function measured(
  { card }: VariantEntry,
  provider: string,
  { pool, store, host, tokenizerOf, now, logger }: ActivationOptions,
): Promise<Measurement> {
  if (card === undefined) throw new Error('a loaded variant has a card; this is a bug');
  const key = { ...host, provider };
  // The agreement depends on the card's answers as well as on the model.
  const digest = createHash('sha256')
    .update(card.sha256 + JSON.stringify(card.reference))
    .digest('hex');
  const known = await store.read(key, digest);
  if (known !== undefined) return known;
  const measurement = await measureVariant(card, {
    run: (input) => pool.run(input, HUNG_AFTER_MS),
    tokenizer: tokenizerOf(card),
    now,
  });
  try {
    await store.write(key, digest, measurement);
  } catch (error) {
    logger.warn({ err: error }, 'measurements cannot be kept; the next start measures again');
  }
  return measurement;
}
