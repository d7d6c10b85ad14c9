/** Lengths in tokens, both ends included. */
export interface LengthBand {
  readonly shortest: number;
  readonly longest: number;
}

export interface BandLimits {
  readonly maxJobs: number;
  /** Of all windows together, each as long as the longest. */
  readonly maxTokens: number;
  /** Run time of a batch, ms. */
  readonly runMs: (jobs: number, length: number) => number;
}

/**
 * The band of lengths around the seed whose windows, run as one batch, cost the least share of what they cost one by one. All
 * windows are padded to the longest: a wide band makes few large batches that compute padding, a narrow one many small ones.
 */
export function cheapestBand(
  seed: number,
  others: readonly number[],
  { maxJobs, maxTokens, runMs }: BandLimits,
): LengthBand {
  const shorter = others.filter((tokens) => tokens <= seed).sort((one, other) => other - one);
  const longer = others.filter((tokens) => tokens > seed).sort((one, other) => one - other);
  const seedMs = runMs(1, seed);
  let best: LengthBand = { shortest: seed, longest: seed };
  let bestShare = 1;
  let longerMs = 0;
  for (let above = 0; above <= longer.length && above < maxJobs; above += 1) {
    const longest = above === 0 ? seed : longer[above - 1]!;
    if (above > 0) longerMs += runMs(1, longest);
    let aloneMs = seedMs + longerMs;
    for (let below = 0; below <= shorter.length; below += 1) {
      const jobs = 1 + above + below;
      if (jobs > maxJobs || (jobs > 1 && jobs * longest > maxTokens)) break;
      if (below > 0) aloneMs += runMs(1, shorter[below - 1]!);
      const share = runMs(jobs, longest) / aloneMs;
      if (share < bestShare) {
        bestShare = share;
        best = { shortest: below === 0 ? seed : shorter[below - 1]!, longest };
      }
    }
  }
  return best;
}
