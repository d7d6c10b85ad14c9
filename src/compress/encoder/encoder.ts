import { attentionHeads } from './attention.js';
import { feedForwardUnits, mixesTokens } from './feed-forward.js';
import type { Graph } from '../onnx/graph.js';
import { sublayersOf, type Sublayer } from './sublayer.js';
import { isRecognised, NO_UNITS, type Units } from './units.js';

export interface EncoderLayer {
  readonly input: string;
  readonly output: string;
  /** Undefined where they cannot be cut; a note says why. */
  readonly heads: Units | undefined;
  readonly ffn: Units | undefined;
}

export interface Encoder {
  readonly layers: readonly EncoderLayer[];
  readonly notes: readonly string[];
}

/** Finds the layers of an encoder by what they compute and not by names: pairs of attention and feed-forward net. */
export function encoderOf(graph: Graph): Encoder {
  const notes: string[] = [];
  const layers: EncoderLayer[] = [];
  const sublayers = longestChain(sublayersOf(graph));
  for (let i = 0; i + 1 < sublayers.length; i += 2) {
    const first = sublayers[i]!;
    const second = sublayers[i + 1]!;
    const isLayer =
      (first.last === undefined || mixesTokens(first)) &&
      (second.last === undefined || !mixesTokens(second));
    if (!isLayer) {
      notes.push(
        `after layer ${layers.length - 1} comes no pair of attention and feed-forward net`,
      );
      break;
    }
    const heads = first.last === undefined ? NO_UNITS : attentionHeads(graph, first);
    const ffn = second.last === undefined ? NO_UNITS : feedForwardUnits(graph, second);
    if (!isRecognised(heads)) {
      notes.push(`layer ${layers.length}: its heads cannot be cut: ${heads.reason}`);
    }
    if (!isRecognised(ffn)) {
      notes.push(`layer ${layers.length}: its channels cannot be cut: ${ffn.reason}`);
    }
    layers.push({
      input: first.input,
      output: second.output,
      heads: isRecognised(heads) ? heads : undefined,
      ffn: isRecognised(ffn) ? ffn : undefined,
    });
  }
  if (layers.length === 0) {
    notes.push('no encoder layers with residuals and norms after them were recognised');
  }
  return { layers, notes };
}

/** The longest run of sublayers each of which begins with the value that the one before ends with. */
function longestChain(sublayers: readonly Sublayer[]): Sublayer[] {
  const lengths = new Map<
    string,
    { length: number; last: Sublayer; before: Sublayer | undefined }
  >();
  let best: Sublayer | undefined;
  for (const sublayer of sublayers) {
    const before = lengths.get(sublayer.input);
    const length = (before?.length ?? 0) + 1;
    lengths.set(sublayer.output, { length, last: sublayer, before: before?.last });
    if (best === undefined || length > lengths.get(best.output)!.length) best = sublayer;
  }
  const chain: Sublayer[] = [];
  for (let at = best; at !== undefined; at = lengths.get(at.output)!.before) chain.push(at);
  return chain.reverse();
}
