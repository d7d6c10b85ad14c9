/** When a fleet grows and shrinks; the rule of Kubernetes' horizontal pod autoscaler, on requests/s per replica. */
export interface ScalingRule {
  /** Requests/s that each replica is to get. */
  readonly targetPerReplica: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** From the decision until a new replica serves. */
  readonly startupSeconds: number;
}

/** One second of a fleet. */
export interface FleetSecond {
  readonly offeredPerSecond: number;
  /** Replicas that serve. */
  readonly ready: number;
}

/** Kubernetes' defaults: a decision every 15 s, none within 10 % of the target, no shrinking below what the last 300 s asked for. */
const SYNC_SECONDS = 15;
const TOLERANCE = 0.1;
const STABILIZATION_SECONDS = 300;
/** And in one decision no more than twice the replicas, or four more. */
const MAX_GROWTH = 2;
const MAX_ADDED = 4;
/** A rate is a mean over so long before it is seen. */
const METRIC_SECONDS = 30;

/** Plays the rule second by second; begins with as many replicas as the first rate asks for, all ready. */
export function simulateFleet(
  offeredAt: (second: number) => number,
  { rule, seconds }: { rule: ScalingRule; seconds: number },
): FleetSecond[] {
  const wanted = (rate: number): number =>
    Math.min(rule.maxReplicas, Math.max(rule.minReplicas, Math.ceil(rate / rule.targetPerReplica)));
  let replicas = wanted(offeredAt(0));
  let ready = replicas;
  const starting: { readyAt: number; count: number }[] = [];
  const recent: { at: number; wanted: number }[] = [];
  return Array.from({ length: seconds }, (_, now) => {
    while (starting[0] !== undefined && starting[0].readyAt <= now)
      ready += starting.shift()!.count;
    if (now % SYNC_SECONDS === 0) {
      const rate = meanRate(offeredAt, now);
      const isNear = Math.abs(rate / (replicas * rule.targetPerReplica) - 1) <= TOLERANCE;
      recent.push({ at: now, wanted: isNear ? replicas : wanted(rate) });
      while (recent[0]!.at < now - STABILIZATION_SECONDS) recent.shift();
      const most = Math.max(replicas * MAX_GROWTH, replicas + MAX_ADDED);
      const next = Math.min(most, Math.max(...recent.map((one) => one.wanted)));
      if (next > replicas) {
        starting.push({ readyAt: now + rule.startupSeconds, count: next - replicas });
      } else {
        // Those that have not begun to serve go first.
        let surplus = replicas - next;
        while (surplus > 0 && starting.length > 0) {
          const last = starting.pop()!;
          const kept = Math.max(0, last.count - surplus);
          if (kept > 0) starting.push({ ...last, count: kept });
          surplus -= last.count - kept;
        }
        ready -= surplus;
      }
      replicas = next;
    }
    return { offeredPerSecond: offeredAt(now), ready };
  });
}

function meanRate(offeredAt: (second: number) => number, now: number): number {
  const first = Math.max(0, now - METRIC_SECONDS + 1);
  let sum = 0;
  for (let second = first; second <= now; second += 1) sum += offeredAt(second);
  return sum / (now - first + 1);
}
