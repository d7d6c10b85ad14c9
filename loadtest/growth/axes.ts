import type { CorpusSentence } from '../corpus/corpus.js';
import type { TextTokenizer } from '../../src/ner/tokenizer.js';
import { textsOfLength } from './texts-of-length.js';

export const axisNames = ['length', 'connections', 'variants', 'texts'] as const;
export type Axis = (typeof axisNames)[number];

/** What grows along each axis. */
export const axisUnits: Readonly<Record<Axis, string>> = {
  length: 'tokens',
  connections: 'connections',
  variants: 'variants',
  texts: 'texts a request',
};

/** One value on one axis, with all that has to be known to measure it. */
export interface PointPlan {
  axis: Axis;
  value: number;
  /** Variants that the gateway holds; the requests go round them. */
  copies: number;
  /** The loads, one after the other; the first of two is one connection alone. */
  connections: readonly number[];
  /** How many different requests there are. */
  places: number;
  fieldsOf: (place: number) => { text: string } | { texts: string[] };
}

interface PlanOptions {
  values: Readonly<Record<Axis, readonly number[]>>;
  axes: readonly Axis[];
  /** Connections that fill the gateway, on the axes where they do not grow. */
  saturating: number;
  corpus: readonly CorpusSentence[];
  tokenizer: TextTokenizer;
}

/** More than connections on the axis of lengths, so that no two send the same text at the same time. */
const textsPerLength = 64;

/** All points of the axes, each axis in rising order. */
export async function planPoints(options: PlanOptions): Promise<PointPlan[]> {
  const plans: PointPlan[] = [];
  for (const axis of options.axes) {
    const values = [...options.values[axis]].sort((a, b) => a - b);
    for (const value of values) plans.push(await planPoint(axis, value, options));
  }
  return plans;
}

async function planPoint(axis: Axis, value: number, options: PlanOptions): Promise<PointPlan> {
  const { corpus, tokenizer, saturating } = options;
  const plan: PointPlan = {
    axis,
    value,
    copies: 1,
    connections: saturating === 1 ? [1] : [1, saturating],
    places: corpus.length,
    fieldsOf: (place) => ({ text: corpus[place]!.text }),
  };
  switch (axis) {
    case 'length': {
      const count = Math.max(textsPerLength, saturating);
      const texts = await textsOfLength(value, { corpus, tokenizer, count });
      return { ...plan, places: count, fieldsOf: (place) => ({ text: texts[place]! }) };
    }
    case 'connections':
      return { ...plan, connections: [value] };
    case 'variants':
      return { ...plan, copies: value };
    case 'texts': {
      const textsFrom = (place: number): string[] =>
        Array.from({ length: value }, (_, next) => corpus[(place + next) % corpus.length]!.text);
      return { ...plan, fieldsOf: (place) => ({ texts: textsFrom(place) }) };
    }
  }
}
