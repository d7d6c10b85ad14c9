import { colorAt, ink } from './plot/palette.js';
import type { Series } from './plot/panel.js';

/** A line each: the first policy in ink, fixed variants in colours, other policies dashed. */
export function policyLines(
  lines: readonly { policy: string; points: Series['points'] }[],
): Series[] {
  return lines.map(({ policy, points }, index) => {
    // Which variant AIMD has depends on the load.
    const name = policy.replace(/^aimd .*/, 'aimd');
    if (index === 0) return { name, color: ink, points };
    const dashed = name.startsWith('fixed') ? {} : { dash: '5 3' };
    return { name, color: colorAt(index - 1), points, ...dashed };
  });
}
