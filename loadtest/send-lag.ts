import { histogramOf, percentilesOf, type LatencyPercentiles } from './latency-histogram.js';

/** Above this the load generator did not offer the load that it claims. */
export const maxSendLagP99Ms = 5;

/** How late requests left. */
export function sendLagOf(lagsMs: readonly number[]): LatencyPercentiles {
  return percentilesOf(histogramOf(lagsMs));
}

/** The same; throws where that spoils the measurement. */
export function checkSendLag(
  lagsMs: readonly number[],
  maxP99Ms: number = maxSendLagP99Ms,
): LatencyPercentiles {
  const lag = sendLagOf(lagsMs);
  if (lag.p99 > maxP99Ms) {
    throw new Error(
      `No result: the load generator sent late (p99 ${lag.p99.toFixed(1)} ms, at most ${maxP99Ms} ms are allowed; ` +
        `median ${lag.p50.toFixed(1)} ms, worst ${lag.max.toFixed(1)} ms), so the figures would not be those of the load asked for.\n` +
        'Lower the rate, stop what else runs on this host, or run the gateway on another one and pass its --url.',
    );
  }
  return lag;
}
