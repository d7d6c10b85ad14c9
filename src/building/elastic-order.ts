import type { UnitOrder } from '../compress/passes/unit-order.js';
import type { Card } from '../registry/card.js';

type Elastic = NonNullable<Card['elastic']>;

/** The order of an elastic parent's units as the compressor takes it; undefined where the card tells none. */
export function unitOrderOf(elastic: Elastic | undefined): UnitOrder | undefined {
  if (elastic === undefined) return undefined;
  const { heads, ffn } = elastic;
  if (heads === 'stored' && ffn === 'stored') return 'stored';
  const layers = heads === 'stored' ? ffn.length : heads.length;
  return Array.from({ length: layers }, (_, layer) => ({
    heads: heads === 'stored' ? undefined : heads[layer],
    ffn: ffn === 'stored' ? undefined : ffn[layer],
  }));
}

/** A cut of units that are stored in their order leaves them so, and the child can be cut again. */
export function elasticOfChild(elastic: Elastic | undefined): Elastic | undefined {
  return elastic?.heads === 'stored' && elastic.ffn === 'stored'
    ? { heads: 'stored', ffn: 'stored' }
    : undefined;
}
