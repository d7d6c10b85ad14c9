import type { EncoderLayer } from '../encoder/encoder.js';
import type { Graph } from '../onnx/graph.js';

/** Takes out all layers but those of `kept`: what read the output of a cut layer reads its input. */
export function cutLayers(
  graph: Graph,
  layers: readonly EncoderLayer[],
  kept: readonly number[],
): void {
  const renamed = new Map<string, string>();
  for (const [index, { input, output }] of layers.entries()) {
    // Layers come in order, so the input of this one may be the output of one that is cut already.
    if (!kept.includes(index)) renamed.set(output, renamed.get(input) ?? input);
  }
  for (const node of graph.nodes) {
    node.input = node.input.map((name) => renamed.get(name) ?? name);
  }
  graph.touched();
}
