export const DAY_SECONDS = 86_400;

/** Requests/s at each second of a day: the trace stretched to 24 hours, with straight lines in between, scaled to its peak. */
export function dayCurve(
  trace: readonly number[],
  peakPerSecond: number,
): (second: number) => number {
  const peak = Math.max(...trace);
  return (second) => {
    const place = (second / DAY_SECONDS) * trace.length;
    const index = Math.floor(place);
    const [before, after] = [trace[index % trace.length]!, trace[(index + 1) % trace.length]!];
    const share = place - index;
    return ((before * (1 - share) + after * share) / peak) * peakPerSecond;
  };
}

export interface Surge {
  /** From this second on the rate rises, in a straight line, to `times` of what it would be, and stays for `seconds`. */
  readonly fromSecond: number;
  readonly riseSeconds: number;
  readonly seconds: number;
  readonly times: number;
}

export function withSurge(
  curve: (second: number) => number,
  { fromSecond, riseSeconds, seconds, times }: Surge,
): (second: number) => number {
  return (second) => {
    const since = second - fromSecond;
    const risen = since < 0 || since >= seconds ? 0 : Math.min(1, since / riseSeconds);
    return curve(second) * (1 + (times - 1) * risen);
  };
}
