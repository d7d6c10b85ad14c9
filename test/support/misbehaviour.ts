/**
 * Ids of the first real token that make the fake worker's run go wrong: the words crash, hang, hold, refuse and slow.
 * A held run ends when the worker gets SIGUSR2, or has got it.
 */
export const MISBEHAVIOUR = {
  crash: 5823,
  hang: 6865,
  hold: 2907,
  refuse: 10214,
  slow: 4030,
} as const;
