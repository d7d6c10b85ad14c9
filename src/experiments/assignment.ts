/** An experiment of the config. `share` of the units, 0 to 1, take part; each gets an arm in proportion to `weight`. */
export interface ExperimentDefinition {
  readonly name: string;
  readonly arms: readonly ArmDefinition[];
  readonly share: number;
  /** Another seed deals the units anew. */
  readonly seed: string | number;
}

export interface ArmDefinition {
  readonly name: string;
  readonly variant: string;
  /** >= 0; an arm of weight 0 gets no unit. */
  readonly weight: number;
}

// A share counts in steps of 1/10 000.
const BUCKETS = 10_000;

/**
 * The arm of a unit, or null where it takes no part. The same in every process and for ever: it depends on the seed, the
 * unit and the definition only. A larger share moves no unit from arm to arm, because share and arm are hashed apart.
 */
export function armOf(experiment: ExperimentDefinition, unit: string): ArmDefinition | null {
  const { arms, share, seed } = experiment;
  if (bucketOf(`${seed}/share/${unit}`) >= Math.round(share * BUCKETS)) return null;
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const point = bucketOf(`${seed}/arm/${unit}`) * total;
  let reached = 0;
  for (const arm of arms) {
    reached += arm.weight;
    if (point < reached * BUCKETS) return arm;
  }
  return null;
}

/** Even over 0 to 9 999. */
export function bucketOf(key: string): number {
  return scramble(fnv1a(key)) % BUCKETS;
}

/** 32-bit FNV-1a of the UTF-8 bytes (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv1a(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The last step of MurmurHash3. By FNV alone, arms of 10 000 numbered units were up to 3.5 standard deviations off. */
function scramble(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
