/** Ids of the first real token that make the fake worker's run go wrong: the words crash, hang, refuse and slow. */
export const MISBEHAVIOUR = { crash: 5823, hang: 6865, refuse: 10214, slow: 4030 } as const;
