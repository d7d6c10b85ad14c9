import { intAttribute, intOf } from './attributes.js';
import { DataType } from './data-type.js';
import { isOperator, newNode, type Graph } from './graph.js';
import type { NodeMessage } from './onnx-schema.js';

/**
 * Weights stored in half and widened by a Cast count as fp32 that is stored in half, and the Cast goes: everything else
 * need not know of it. A tensor that something reads as half stays what it is.
 */
export function foldWidening(graph: Graph): void {
  const widened = new Map<string, string>();
  for (const constant of graph.constants.values()) {
    if (constant.dataType !== DataType.float16) continue;
    const readers = graph.readers(constant.name);
    const casts = readers.filter(
      (node) =>
        isOperator(node, 'Cast') &&
        intOf(node, 'to') === DataType.float &&
        !graph.isOutput(node.output[0]!),
    );
    if (casts.length === 0 || casts.length < readers.length) continue;
    for (const cast of casts) widened.set(cast.output[0]!, constant.name);
    graph.constants.set(constant.name, { ...constant, dataType: DataType.float });
  }
  if (widened.size === 0) return;
  for (const node of graph.nodes) {
    node.input = node.input.map((name) => widened.get(name) ?? name);
  }
  graph.replaceNodes((node) => (widened.has(node.output[0]!) ? [] : undefined));
}

/** The opposite, before a graph is written: a Cast before the first reader of each such tensor, folded by onnxruntime. */
export function unfoldWidening(graph: Graph): void {
  const names = new Map<string, string>();
  for (const constant of graph.constants.values()) {
    if (constant.dataType === constant.storedAs) continue;
    names.set(constant.name, graph.freshName(`${constant.name}.fp32`));
    graph.constants.set(constant.name, { ...constant, dataType: constant.storedAs });
  }
  const written = new Set<string>();
  graph.replaceNodes((node) => {
    const casts: NodeMessage[] = [];
    node.input = node.input.map((name) => {
      const widened = names.get(name);
      if (widened === undefined) return name;
      if (!written.has(name)) casts.push(castTo(DataType.float, name, widened));
      written.add(name);
      return widened;
    });
    return [...casts, node];
  });
}

export function castTo(dataType: number, from: string, to: string): NodeMessage {
  const attribute = [intAttribute('to', dataType)];
  return newNode({ opType: 'Cast', input: [from], output: [to], attribute });
}
