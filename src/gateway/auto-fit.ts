import { runTimeMs } from '../scheduling/latency-profile.js';
import type { Config } from '../config.js';
import type { ActiveVariant, VariantRegistry } from '../registry/variant-registry.js';
import type { Logger } from '../telemetry/logger.js';
import type { VariantAdmin } from './variant-admin.js';

export interface AutoFitOptions {
  readonly config: Pick<Config, 'autoFit' | 'tiers' | 'gate'>;
  readonly registry: VariantRegistry;
  readonly admin: Pick<VariantAdmin, 'requestFit' | 'ended'>;
  readonly logger: Logger;
}

const TYPICAL_TOKENS = 32;
/**
 * What an answer takes beside its run while nobody else is served: HTTP, tokenizer, the way to a worker and back, decoder.
 * .79 ms were measured (loadtest/results/overhead-2026-11-25T05-51-43Z.json).
 */
const BESIDE_RUN_MS = 1;

/** Tiers, tightest first, whose budget no variant that serves can meet on this host with a typical text. */
export function unmetTiers(
  { autoFit, tiers }: Pick<Config, 'autoFit' | 'tiers'>,
  active: readonly ActiveVariant[],
): { name: string; maxMs: number }[] {
  const best = active[0];
  if (best === undefined || !isWanted(autoFit, best)) return [];
  const fastestMs = Math.min(...active.map(({ profile }) => runTimeMs(profile, 1, TYPICAL_TOKENS)));
  return Object.entries(tiers)
    .filter(([name]) => !Array.isArray(autoFit) || autoFit.includes(name))
    .map(([name, tier]) => {
      const budgetMs = typeof tier === 'object' ? tier.budgetMs : tier;
      return { name, maxMs: budgetMs - BESIDE_RUN_MS };
    })
    .filter(({ maxMs }) => maxMs > 0 && fastestMs > maxMs)
    .sort((left, right) => left.maxMs - right.maxMs);
}

/** By default for models that somebody has evaluated: of others it is not known what a smaller one would cost. */
function isWanted(autoFit: Config['autoFit'], { card: { quality } }: ActiveVariant): boolean {
  if (autoFit !== 'auto') return autoFit !== false;
  return quality?.measure === 'entity_f1' && quality.source === 'measured';
}

/** Makes a variant for each tier that none can meet; one may do for several. Never rejects. */
export async function autoFit({ config, registry, admin, logger }: AutoFitOptions): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    const active = registry.active().filter(({ family }) => family === registry.defaultFamily);
    const tier = unmetTiers(config, active).find(({ name }) => !tried.has(name));
    if (tier === undefined) return;
    tried.add(tier.name);
    logger.warn({ tier: tier.name }, 'no variant can meet this tier here; making one');
    try {
      const { id } = admin.requestFit({
        parent: undefined,
        tokens: Math.min(TYPICAL_TOKENS, active[0]!.card.inputs.maxLength),
        maxMs: tier.maxMs,
        minAgreement: config.gate.minAgreementOfCuts,
        name: undefined,
        keep: false,
        activate: true,
      });
      const { state, error } = await admin.ended(id);
      if (state !== 'active') logger.warn({ tier: tier.name, ...error }, 'none could be made');
    } catch (error) {
      logger.warn({ err: error, tier: tier.name }, 'no variant is made for this tier');
    }
  }
}
