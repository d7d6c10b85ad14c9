/** What cuts will do to run time and agreement, from cuts of one axis each that were measured. Pure. */

import { keptOf, type Axis, type Shape } from './fit-shapes.js';

export interface MeasuredShape {
  readonly shape: Shape;
  readonly ms: number;
  readonly agreement: number;
}

export interface Prediction {
  readonly ms: number;
  readonly agreement: number;
}

const WHOLE: Readonly<Record<Axis, number>> = { layers: 1, ffn: 1, heads: 1 };

/**
 * Time: a part that no cut changes, and for each layer that stays a part that the channels share out, one that the heads
 * share out and a rest. Agreement: each axis multiplies it by what its probe lost, lost with the square of the cut, since
 * the least important units go first. Both are rough: they choose what to measure, and nothing else.
 */
export function predict(
  shape: Shape,
  {
    whole,
    probes,
    layerCount,
  }: {
    whole: Prediction;
    probes: Partial<Record<Axis, MeasuredShape>>;
    layerCount: number;
  },
): Prediction {
  const kept = layerCount === 0 ? WHOLE : keptOf(shape, layerCount);
  /** Time that goes with the whole of an axis. */
  const timeOf = (axis: Axis): number => {
    const probe = probes[axis];
    if (probe === undefined) return 0;
    const cut = 1 - keptOf(probe.shape, layerCount)[axis];
    return Math.min(whole.ms, Math.max(0, (whole.ms - probe.ms) / cut));
  };
  const ffnMs = timeOf('ffn');
  const headsMs = timeOf('heads');
  // What channels and heads take is within the layers.
  const layersMs = Math.max(timeOf('layers'), ffnMs + headsMs);
  const aLayerMs = layersMs - ffnMs * (1 - kept.ffn) - headsMs * (1 - kept.heads);
  let { agreement } = whole;
  for (const axis of ['layers', 'ffn', 'heads'] as const) {
    const probe = probes[axis];
    if (probe === undefined || kept[axis] === 1 || whole.agreement === 0) continue;
    const lost = Math.max(0, 1 - probe.agreement / whole.agreement);
    const cut = (1 - kept[axis]) / (1 - keptOf(probe.shape, layerCount)[axis]);
    agreement *= Math.max(0, 1 - lost * cut * cut);
  }
  return { ms: Math.max(0, whole.ms - layersMs) + kept.layers * aLayerMs, agreement };
}

/** Whether `a` keeps no more than `b` of anything: it is at most as slow, and agrees at most as well. */
export function isWithin(a: Shape, b: Shape): boolean {
  const layers =
    b.layers === undefined ||
    (a.layers !== undefined && a.layers.every((layer) => b.layers!.includes(layer)));
  return layers && a.ffn <= b.ffn && a.heads <= b.heads;
}
