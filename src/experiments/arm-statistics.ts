import { build, type Histogram } from 'hdr-histogram-js';

/** What became of one request of an arm. */
export interface ArmOutcome {
  /** From arrival to answer. */
  readonly latencyMs: number;
  readonly budgetMet: boolean;
  /** One label for each entity of the answer. */
  readonly entityLabels: readonly string[];
}

/** As `GET /experiments` shows it; latencies are null before the first request. */
export interface ArmNumbers {
  readonly requests: number;
  readonly budgets_met: number;
  readonly latency_ms: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
  };
  readonly entities: Readonly<Record<string, number>>;
}

const MICROSECONDS = 1000;
// Twice the largest latency budget; what took longer counts as this.
const LONGEST_MS = 1_200_000;

/** Counts of one arm, in bounded memory (90 KB) for any number of requests. */
export class ArmStatistics {
  private requests = 0;
  private budgetsMet = 0;
  private readonly entities = new Map<string, number>();
  // Three digits: a percentile is at most .1 % off.
  private readonly latency: Histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS * MICROSECONDS,
    numberOfSignificantValueDigits: 3,
  });

  record({ latencyMs, budgetMet, entityLabels }: ArmOutcome): void {
    this.requests++;
    if (budgetMet) this.budgetsMet++;
    const bounded = Math.min(LONGEST_MS, Math.max(0, latencyMs));
    this.latency.recordValue(Math.round(bounded * MICROSECONDS));
    for (const label of entityLabels) {
      this.entities.set(label, (this.entities.get(label) ?? 0) + 1);
    }
  }

  view(): ArmNumbers {
    const [p50, p90, p99] = [50, 90, 99].map((percentile) => this.percentile(percentile));
    return {
      requests: this.requests,
      budgets_met: this.budgetsMet,
      latency_ms: { p50: p50!, p90: p90!, p99: p99! },
      entities: Object.fromEntries([...this.entities].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  private percentile(percentile: number): number | null {
    if (this.requests === 0) return null;
    return this.latency.getValueAtPercentile(percentile) / MICROSECONDS;
  }
}
