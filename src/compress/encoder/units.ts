import type { NodeMessage } from '../onnx/onnx-schema.js';

/** Where units lie in a tensor of the file: along `axis`, in `blocks` equal parts (three where query, key and value are one). */
export interface UnitSlice {
  readonly node: NodeMessage;
  /** At which of the node's inputs the tensor is read. */
  readonly place: number;
  readonly axis: number;
  readonly blocks: number;
}

/** A number of a Reshape's target shape that counts units. */
export interface UnitShape {
  readonly node: NodeMessage;
  readonly index: number;
  /** The number of units, or that of their channels. */
  readonly counts: 'units' | 'channels';
}

/** The heads of an attention or the channels of a feed-forward net, and all that must change when some of them go. */
export interface Units {
  readonly count: number;
  /** Channels of a unit: the size of a head, 1 for feed-forward channels. */
  readonly size: number;
  readonly slices: readonly UnitSlice[];
  readonly shapes: readonly UnitShape[];
  /** A node whose attribute `num_heads` counts them. */
  readonly counted?: NodeMessage;
}

/** Why the units of a sublayer cannot be cut. */
export interface Unrecognised {
  readonly reason: string;
}

export function isRecognised(found: Units | Unrecognised): found is Units {
  return 'count' in found;
}

/** Of a sublayer that was cut to nothing. */
export const NO_UNITS: Units = { count: 0, size: 1, slices: [], shapes: [] };
