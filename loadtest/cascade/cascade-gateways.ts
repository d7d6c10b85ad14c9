import { openGateway } from '../gateway-process.js';
import { makeFolderOf } from '../models-folder.js';
import type { VariantPair } from './variant-pairs.js';

export interface CascadeGateway {
  url: string;
  pid: number;
}

export interface CascadeGateways {
  /** Holds every variant that is measured alone. */
  singles: CascadeGateway;
  /** Each holds the two variants of its pair and no other, in the order of the pairs. */
  pairs: CascadeGateway[];
}

interface Options {
  modelsDir: string;
  singles: readonly string[];
  pairs: readonly VariantPair[];
}

/** Runs `work` beside one gateway for the variants alone and one for each pair; those that are not asked are idle. */
export async function withGateways<T>(
  { modelsDir, singles, pairs }: Options,
  work: (gateways: CascadeGateways) => Promise<T>,
): Promise<T> {
  const stops: (() => Promise<void>)[] = [];
  const open = async (variants: readonly string[]): Promise<CascadeGateway> => {
    const models = makeFolderOf(modelsDir, variants);
    stops.push(() => {
      models.remove();
      return Promise.resolve();
    });
    // One thread: a layout that each measured for itself could differ from gateway to gateway.
    const gateway = await openGateway({ modelsDir: models.path, threads: 1 });
    stops.push(() => gateway.stop());
    const missing = variants.filter((name) => !gateway.variants.includes(name));
    if (missing.length > 0) throw new Error(`${missing.join(', ')} cannot be served on this host`);
    return { url: gateway.url, pid: gateway.process!.pid };
  };
  try {
    const all = await open(singles);
    const ofPairs: CascadeGateway[] = [];
    for (const { first, second } of pairs) ofPairs.push(await open([first.name, second.name]));
    return await work({ singles: all, pairs: ofPairs });
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
