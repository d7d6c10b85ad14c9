import { getText } from '../get-json.js';

/** Of the gateway's HTTP process, less the resolution of 1 ms that it is sampled with; ms. */
export interface EventLoopDelay {
  p50: number;
  p99: number;
  max: number;
}

const metric = 'entier_event_loop_delay_seconds';

/** Since the last time that anyone asked; throws where the gateway does not tell it. */
export async function scrapeEventLoopDelay(url: string): Promise<EventLoopDelay> {
  const text = await getText(`${url}/metrics`);
  const millisAt = (quantile: string): number => {
    const value = valueOf(text, quantile);
    if (value === undefined) {
      throw new Error(`${url}/metrics has no ${metric}{quantile="${quantile}"}: npm run build`);
    }
    return 1000 * value;
  };
  return { p50: millisAt('0.5'), p99: millisAt('0.99'), max: millisAt('1') };
}

function valueOf(text: string, quantile: string): number | undefined {
  const start = `${metric}{quantile="${quantile}"} `;
  const line = text.split('\n').find((one) => one.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(start.length));
}
