import type { CardFacts } from '../model-card.js';
import type { EndedBuild } from './admin-client.js';
import { findBuiltFile, isOwnCard } from './built-file.js';
import type { BuildsGateway } from './open-builds-gateway.js';

/** What one build took, in ms. */
export interface BuildRun {
  /** From the request until the variant served, by the clock of the client and by that of the gateway. */
  activeMs: number;
  activeByGatewayMs: number;
  buildMs: number;
  gateMs: number;
  loadMs: number;
  /** Of the processes that made it; null where the system does not tell. */
  peakMemoryBytes: number | null;
  /** The same, in sizes of the parent's weights as fp32. */
  peakOfFp32: number | null;
  agreement: number | null;
  sha256: string;
  sizeBytes: number;
  /** Whether digest and size on its card are its own. */
  hasOwnCard: boolean;
}

export interface TimeOptions {
  parent: string;
  card: CardFacts;
  recipe: object;
  builds: number;
}

const BYTES_OF_FLOAT = 4;

/** So many builds, one after the other; each is removed before the next. */
export async function timeBuilds(
  { admin, temporaryFolder }: BuildsGateway,
  { parent, card, recipe, builds }: TimeOptions,
): Promise<BuildRun[]> {
  const runs: BuildRun[] = [];
  for (let number = 1; number <= builds; number++) {
    const name = `built-${number}`;
    const ended = await admin.build({ parent, recipe, name });
    const file = findBuiltFile(temporaryFolder, name);
    const { sha256, sizeBytes } = file;
    runs.push({
      ...timesOf(ended, card),
      ...{ sha256, sizeBytes, hasOwnCard: isOwnCard(file, card) },
    });
    await admin.remove(name);
  }
  return runs;
}

/** Throws where the gateway told no times of a build that serves. */
export function timesOf(
  { build, elapsedMs }: EndedBuild,
  parent: Pick<CardFacts, 'parameters'>,
): Omit<BuildRun, 'sha256' | 'sizeBytes' | 'hasOwnCard'> {
  const { timing_ms: timing, peak_memory_bytes: peakMemoryBytes, agreement } = build;
  if (timing === null) throw new Error(`build ${build.id} serves and has no timing_ms`);
  return {
    activeMs: elapsedMs,
    activeByGatewayMs: timing.total,
    buildMs: timing.build,
    gateMs: timing.gate,
    loadMs: timing.warm,
    peakMemoryBytes,
    peakOfFp32:
      peakMemoryBytes === null ? null : peakMemoryBytes / (BYTES_OF_FLOAT * parent.parameters),
    agreement,
  };
}
