export interface Tick {
  at: number;
  label: string;
}

export interface Axis {
  /** With its unit, such as `latency (ms)`. */
  label: string;
  min: number;
  max: number;
  scale: 'linear' | 'log';
  ticks: readonly Tick[];
}

interface AxisOptions {
  label: string;
  min: number;
  max: number;
}

/** An axis whose ends are those given, with about five round ticks in between. */
export function linearAxis({ label, min, max }: AxisOptions): Axis {
  const end = max > min ? max : min + 1;
  const step = roundStep((end - min) / 5);
  const ticks: Tick[] = [];
  for (let index = Math.ceil(min / step - 1e-9); index * step <= end + 1e-9 * step; index++) {
    ticks.push({ at: index * step, label: formatTick(index * step, step) });
  }
  return { label, min, max: end, scale: 'linear', ticks };
}

/** The same where the end is the next tick at or above `max`, so that no line runs along the frame. */
export function roundedAxis(options: AxisOptions): Axis {
  const { min, max } = options;
  const step = roundStep((max > min ? max - min : 1) / 5);
  return linearAxis({ ...options, max: min + Math.ceil((max - min) / step || 1) * step });
}

/**
 * A logarithmic axis with ticks at 1, 2 and 5 of each decade, at the decades alone where there are many, and at every
 * digit where its ends are near to each other.
 */
export function logAxis({ label, min, max }: AxisOptions): Axis {
  if (min <= 0) throw new Error(`a logarithmic axis cannot begin at ${min}`);
  const first = Math.floor(Math.log10(min));
  const last = Math.ceil(Math.log10(max));
  const near = max / min <= 5 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5];
  const digits = last - first > 4 ? [1] : near;
  const marks: number[] = [];
  for (let decade = first; decade <= last; decade++) {
    for (const digit of digits) marks.push(Number(`${digit}e${decade}`));
  }
  const low = marks.findLast((mark) => mark <= min) ?? min;
  const high = marks.find((mark) => mark >= max && mark > low) ?? max;
  const ticks = marks
    .filter((mark) => mark >= low && mark <= high)
    .map((mark) => ({ at: mark, label: String(mark) }));
  return { label, min: low, max: high, scale: 'log', ticks };
}

/** Where a value lies on the axis, 0 at its beginning and 1 at its end; values beyond it are put on its ends. */
export function placeOn({ min, max, scale }: Axis, value: number): number {
  const place =
    scale === 'linear'
      ? (value - min) / (max - min)
      : Math.log(Math.max(value, min) / min) / Math.log(max / min);
  return Math.min(Math.max(place, 0), 1);
}

/** The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below the width. */
function roundStep(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= width * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function formatTick(value: number, step: number): string {
  const decimals = [0, 1, 2, 3].find((digits) => {
    const scaled = step * 10 ** digits;
    return Math.abs(scaled - Math.round(scaled)) < 1e-6;
  });
  return value.toFixed(decimals ?? 4);
}
