import { setInt } from '../onnx/attributes.js';
import type { Constant, Graph } from '../onnx/graph.js';
import { takeUnits } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import { retarget } from '../encoder/reshape-target.js';
import type { UnitSlice, Units } from '../encoder/units.js';

/** Keeps these units of a sublayer, in this order: heads of an attention or channels of a feed-forward net. */
export function cutUnits(graph: Graph, units: Units, kept: readonly number[]): void {
  for (const slice of units.slices) cutSlice(graph, slice, channelsOf(units, kept));
  if (units.counted !== undefined) setInt(units.counted, 'num_heads', kept.length);
  graph.touched();
  cutShapes(graph, units, kept.length);
}

/** The channels of the units, in one block. */
function channelsOf({ size }: Units, kept: readonly number[]): Uint32Array {
  const channels = new Uint32Array(kept.length * size);
  for (let i = 0; i < channels.length; i += 1) {
    channels[i] = kept[Math.floor(i / size)]! * size + (i % size);
  }
  return channels;
}

function cutSlice(graph: Graph, slice: UnitSlice, channels: Uint32Array): void {
  const { node, place, axis, blocks } = slice;
  const constant = graph.constants.get(node.input[place]!)!;
  const width = constant.dims[axis]! / blocks;
  const indices = new Uint32Array(channels.length * blocks);
  for (let block = 0; block < blocks; block += 1) {
    for (let i = 0; i < channels.length; i += 1) {
      indices[block * channels.length + i] = block * width + channels[i]!;
    }
  }
  replaceOperand(graph, slice, takeUnits(constant, { axis, indices }));
}

/** A tensor that other nodes read too, as where exporters store equal ones once, stays as it is for them. */
function replaceOperand(graph: Graph, { node, place }: UnitSlice, constant: Constant): void {
  const { name } = constant;
  if (graph.readers(name).length > 1) {
    const fresh = graph.freshName(`${name}.cut`);
    graph.constants.set(fresh, { ...constant, name: fresh });
    node.input[place] = fresh;
    graph.touched();
  } else {
    graph.constants.set(name, constant);
  }
}

function cutShapes(graph: Graph, { shapes, size }: Units, count: number): void {
  const byNode = new Map<NodeMessage, Map<number, number>>();
  for (const { node, index, counts } of shapes) {
    const changed = byNode.get(node) ?? new Map<number, number>();
    byNode.set(node, changed.set(index, counts === 'units' ? count : count * size));
  }
  if (byNode.size === 0) return;
  graph.replaceNodes((node) => {
    const changed = byNode.get(node);
    const made = changed && retarget(graph, node, changed);
    return made && [made, node];
  });
}
