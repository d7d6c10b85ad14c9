import type { FitPoint } from './fit-job.js';

/** The points that no other beats in both run time and agreement, fastest first. */
export function frontOf(points: readonly FitPoint[]): FitPoint[] {
  const sorted = [...points].sort((a, b) => a.ms - b.ms || b.agreement - a.agreement);
  let best = -1;
  return sorted.filter(({ agreement }) => {
    if (agreement <= best) return false;
    best = agreement;
    return true;
  });
}
