import { median, tally } from '../statistics.js';
import type { PassEntry, TimedRequest } from './gateway-pass.js';

/** What one text took at the gateway, and what ONNX Runtime alone took for it. */
export interface TextPair {
  request: TimedRequest;
  rawMs: number;
}

/** ms of the median text; see `partsOf` for the parts. */
export interface AddedTime {
  texts: number;
  gatewayP50: number;
  rawP50: number;
  /** The first less the second. */
  addedP50: number;
  /** The median of the differences text by text. */
  pairedP50: number;
  parts: Record<AddedPart, number>;
  failures: Record<string, number>;
}

export const addedParts = ['http', 'tokenize', 'queue', 'roundTrip', 'decode'] as const;
export type AddedPart = (typeof addedParts)[number];

/** Both passes over the same texts in the same order. Texts without an answer are left out and counted. */
export function pairTexts(
  entries: readonly PassEntry[],
  rawMs: readonly number[],
): { pairs: TextPair[]; failures: string[] } {
  if (entries.length !== rawMs.length) {
    throw new Error(`${entries.length} requests and ${rawMs.length} runs are no pairs`);
  }
  const pairs: TextPair[] = [];
  const failures: string[] = [];
  for (const [text, entry] of entries.entries()) {
    if (typeof entry === 'string') failures.push(entry);
    else pairs.push({ request: entry, rawMs: rawMs[text]! });
  }
  return { pairs, failures };
}

/** Throws where no text was answered. */
export function addedTimeOf(
  pairs: readonly TextPair[],
  failures: readonly string[] = [],
): AddedTime {
  const counted = tally(failures);
  if (pairs.length === 0) {
    throw new Error(`the gateway answered no text: ${JSON.stringify(counted)}`);
  }
  const over = (read: (pair: TextPair) => number): number => median(pairs.map(read));
  const gatewayP50 = over(({ request }) => request.latencyMs);
  const rawP50 = over(({ rawMs }) => rawMs);
  const parts = addedParts.map((part) => [part, over((pair) => partsOf(pair)[part])] as const);
  return {
    texts: pairs.length,
    gatewayP50,
    rawP50,
    addedP50: gatewayP50 - rawP50,
    pairedP50: over(({ request, rawMs }) => request.latencyMs - rawMs),
    parts: Object.fromEntries(parts) as Record<AddedPart, number>,
    failures: counted,
  };
}

/**
 * The added time of one text, taken apart; of one text the parts add up to it. `http` is what the client waits outside of
 * the gateway's total: both ends of HTTP, and the client's own time. `queue` begins with the request's head, so it holds the
 * reading and checking of the body. `roundTrip` is what the gateway waits for its worker less the raw run.
 */
export function partsOf({ request, rawMs }: TextPair): Record<AddedPart, number> {
  const { tokenize, queue, inference, total } = request.timing;
  return {
    http: request.latencyMs - total,
    tokenize,
    queue,
    roundTrip: inference - rawMs,
    decode: total - tokenize - queue - inference,
  };
}
