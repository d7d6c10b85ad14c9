import type { EncodedText, Window } from './encoded-text.js';

/** `maxTokens` counts no special tokens; `overlap` must be smaller. */
export interface WindowLimits {
  readonly maxTokens: number;
  readonly overlap: number;
}

/**
 * Windows that together cover all tokens, cut between pre-tokens and overlapping by at most `overlap` tokens.
 * A pre-token is cut only where it is longer than a window. Always one window at least, even of no token.
 */
export function cutWindows(encoded: EncodedText, limits: WindowLimits): Window[] {
  const { preTokens } = encoded;
  const windows: Window[] = [];
  let start = 0;
  for (;;) {
    const end = windowEnd(preTokens, start, limits.maxTokens);
    windows.push({ start, end });
    if (end === preTokens.length) return windows;
    start = nextStart(preTokens, { start, end }, limits);
  }
}

/**
 * Logits of all tokens from those of the windows (`(end - start) * labelCount` each). The seam is in the middle of an
 * overlap, so each token's logits come from the window in which it has the most context.
 */
export function stitchLogits(
  windows: readonly Window[],
  logits: readonly Float32Array[],
  labelCount: number,
): Float32Array {
  windows.forEach((window, index) => {
    if (logits[index]?.length !== (window.end - window.start) * labelCount) {
      throw new Error(`window ${index} has logits of another length; this is a bug`);
    }
  });
  if (windows.length === 1) return logits[0]!;
  const stitched = new Float32Array(windows.at(-1)!.end * labelCount);
  let from = 0;
  windows.forEach((window, index) => {
    const next = windows[index + 1];
    const to = next === undefined ? window.end : Math.ceil((next.start + window.end) / 2);
    const part = logits[index]!.subarray(
      (from - window.start) * labelCount,
      (to - window.start) * labelCount,
    );
    stitched.set(part, from * labelCount);
    from = to;
  });
  return stitched;
}

function windowEnd(preTokens: Int32Array, start: number, maxTokens: number): number {
  const furthest = Math.min(preTokens.length, start + maxTokens);
  let end = furthest;
  while (end > start && !isBoundary(preTokens, end)) end--;
  return end > start ? end : furthest;
}

function nextStart(preTokens: Int32Array, { start, end }: Window, limits: WindowLimits): number {
  const { maxTokens, overlap } = limits;
  if (!isBoundary(preTokens, end)) {
    let next = end;
    while (next > Math.max(start + 1, end - overlap) && !isBoundary(preTokens, next)) next--;
    return next;
  }
  // The next window must hold all of the pre-token that begins at `end`, else it would end there again.
  let following = end + 1;
  while (following - end <= maxTokens && !isBoundary(preTokens, following)) following++;
  let next = Math.min(end, Math.max(start + 1, end - overlap, following - maxTokens));
  while (!isBoundary(preTokens, next)) next++;
  return next;
}

function isBoundary(preTokens: Int32Array, index: number): boolean {
  return index === 0 || preTokens[index] !== preTokens[index - 1];
}
