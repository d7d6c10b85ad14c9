import type { Card } from '../registry/card.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';
import type { LoadVariant, Provider } from '../runtime/protocol.js';

export interface LoadPlanOptions {
  readonly providers: readonly Provider[];
  /** Of the card's tokenizer. */
  readonly padIdOf: (card: Card) => number;
  readonly threads: number;
}

/** What the workers are to load of a variant; undefined where no provider of this host is one of its card's. */
export function loadVariantOf(
  { name, card, modelPath }: Pick<VariantEntry, 'name' | 'card' | 'modelPath'>,
  options: LoadPlanOptions,
): LoadVariant | undefined {
  if (card === undefined || modelPath === undefined) return undefined;
  const wanted = options.providers.filter((provider) => card.providers.includes(provider));
  const usable: readonly Provider[] =
    wanted.length > 0 ? wanted : card.providers.filter((provider) => provider === 'cpu');
  if (usable.length === 0) return undefined;
  return {
    name,
    path: modelPath,
    sha256: card.sha256,
    labelCount: card.labels.length,
    padId: options.padIdOf(card),
    providers: usable,
    threads: options.threads,
  };
}

/**
 * What the workers are to load at the start. A variant whose card is for no provider of this host is failed; one that is for the
 * CPU alone runs there even beside a GPU.
 */
export function planLoading(registry: VariantRegistry, options: LoadPlanOptions): LoadVariant[] {
  const plan: LoadVariant[] = [];
  for (const entry of registry.list()) {
    const { name, card, state } = entry;
    if (state !== 'loading' || card === undefined) continue;
    const planned = loadVariantOf(entry, options);
    if (planned === undefined) {
      registry.fail(name, `it is for ${card.providers.join(', ')} only, which this host lacks`);
      continue;
    }
    plan.push(planned);
  }
  return plan;
}
