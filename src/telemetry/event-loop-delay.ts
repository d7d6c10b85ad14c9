import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** prom-client's own `nodejs_eventloop_lag_*` looks every 10 ms, and a delay below that is lost in it. */
const RESOLUTION_MS = 1;
const NANOS_PER_SECOND = 1e9;
/** Of the samples since the last scrape; 1 is the greatest. */
const QUANTILES = [0.5, 0.9, 0.99, 1] as const;

type DelayHistogram = Pick<IntervalHistogram, 'count' | 'max' | 'percentile' | 'reset'>;

/**
 * Declares `entier_event_loop_delay_seconds{quantile}`. A timer of 1 ms samples how late it runs. What Node records is the
 * time from one run to the next, so the interval of the timer is taken off: an idle loop has next to no delay. Each scrape
 * tells of the time since the one before.
 */
export function declareEventLoopDelay(
  register: Registry,
  histogram: DelayHistogram = startHistogram(),
): void {
  new Gauge({
    name: 'entier_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape, sampled every 1 ms, less that interval.',
    labelNames: ['quantile'],
    registers: [register],
    collect() {
      for (const quantile of QUANTILES) {
        this.set({ quantile }, delaySeconds(histogram, quantile));
      }
      histogram.reset();
    },
  });
}

/** 0 where nothing was sampled yet. */
function delaySeconds(histogram: DelayHistogram, quantile: number): number {
  if (histogram.count === 0) return 0;
  const nanos = quantile === 1 ? histogram.max : histogram.percentile(100 * quantile);
  return Math.max(0, nanos / NANOS_PER_SECOND - RESOLUTION_MS / 1000);
}

/** Its timer keeps no process alive. */
function startHistogram(): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}
