/** Milliseconds on a clock that is the same in all threads of this process, which `performance.now()` is not. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
