import { DataType } from '../onnx/data-type.js';
import { narrow } from '../onnx/float16.js';
import type { Constant, Graph } from '../onnx/graph.js';
import { allFloats, bytesOf, elementsOf } from '../onnx/matrix.js';

/**
 * Stores matrices in half; onnxruntime widens them when it loads the model, so it runs like fp32. Vectors stay fp32.
 * Returns the names of those that stay because they hold numbers too large for half.
 */
export function storeHalves(graph: Graph, onDone: (weights: number) => void): string[] {
  const tooLarge: string[] = [];
  for (const constant of [...graph.constants.values()]) {
    if (constant.dataType !== DataType.float || constant.dims.length < 2) continue;
    if (constant.storedAs === DataType.float) {
      const halves = new Uint16Array(elementsOf(constant));
      const overflows = narrow(allFloats(constant), halves);
      if (overflows > 0) tooLarge.push(constant.name);
      else replace(graph, { ...constant, storedAs: DataType.float16, bytes: bytesOf(halves) });
    }
    onDone(elementsOf(constant));
  }
  return tooLarge;
}

/** Stores everything that is read as fp32 as fp32. */
export function storeFloats(graph: Graph, onDone: (weights: number) => void): void {
  for (const constant of [...graph.constants.values()]) {
    if (constant.dataType !== DataType.float) continue;
    if (constant.storedAs !== DataType.float) {
      const bytes = bytesOf(allFloats(constant));
      replace(graph, { ...constant, storedAs: DataType.float, bytes });
    }
    onDone(elementsOf(constant));
  }
}

function replace(graph: Graph, constant: Constant): void {
  graph.constants.set(constant.name, constant);
}
