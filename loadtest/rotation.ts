/** Where a connection begins in the corpus: evenly spread, so that no two send the same text at the same time. */
export function startPlace(connection: number, connections: number, length: number): number {
  return Math.floor((connection * length) / connections) % length;
}

/** Goes round the corpus from `start`, for ever. */
export function* rotation(start: number, length: number): Generator<number, never> {
  for (let place = start % length; ; place = (place + 1) % length) yield place;
}

/** The items in the order of a round: each round begins one item further, so that every item is in every place once. */
export function rotatedOrder<T>(items: readonly T[], round: number): T[] {
  const first = round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
