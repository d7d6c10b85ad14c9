import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Random } from '../random.js';

/** Where the spread of run times comes from; `draw` gives measured over predicted run time. */
export interface Residuals {
  readonly source: string;
  draw(random: Random): number;
}

/** What `residuals` writes; only this much of it is needed here. */
const fileSchema = z.looseObject({
  what: z.literal('residuals'),
  ratios: z
    .array(z.number().positive())
    .min(100, 'fewer than 100 ratios say nothing of a distribution'),
});

/** One run in so many takes three times as long, as when the host gives the core to somebody else. */
const STALL_EVERY = 2000;
const STALL_FACTOR = 3;

/** Assumed, not measured: log-normal with median 1, and rare stalls. */
export function syntheticResiduals(sigma: number): Residuals {
  return {
    source: `synthetic: log-normal, sigma ${sigma}, one run in ${STALL_EVERY} takes ${STALL_FACTOR} times as long`,
    draw: (random) => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const stall = random() * STALL_EVERY < 1 ? STALL_FACTOR : 1;
      return Math.exp(sigma * normal) * stall;
    },
  };
}

/** Draws from the ratios of a file that `npm run loadtest -- residuals` wrote; throws where it is none. */
export function measuredResiduals(file: string): Residuals {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON: npm run loadtest -- residuals writes one`, {
      cause,
    });
  }
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    throw new Error(`${file} holds no residuals: ${z.prettifyError(parsed.error)}`);
  }
  const { ratios } = parsed.data;
  return {
    source: `measured: ${ratios.length} runs of ${file}`,
    draw: (random) => ratios[Math.floor(random() * ratios.length)]!,
  };
}
