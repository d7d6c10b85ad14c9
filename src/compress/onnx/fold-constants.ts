import { attributeOf, intsOf } from './attributes.js';
import { bytesPerElement, DataType } from './data-type.js';
import { isOperator, type Constant, type Graph, type NewConstant } from './graph.js';
import type { ModelLimits } from './model-limits.js';
import type { NodeMessage } from './onnx-schema.js';
import { tensorBytes } from './tensor-bytes.js';
import { transposed } from './matrix.js';

/**
 * Turns what exporters leave for the runtime into tensors of the file: Constant nodes, Identity of a tensor, and a
 * transposed matrix. What is an output of the graph stays.
 */
export function foldConstants(graph: Graph, limits: ModelLimits): void {
  const renamed = new Map<string, string>();
  fold(graph, (node, output) => {
    node.input = node.input.map((name) => renamed.get(name) ?? name);
    const source = graph.constants.get(node.input[0] ?? '');
    if (isOperator(node, 'Identity') && source !== undefined) {
      renamed.set(output, source.name);
      return 'nothing';
    }
    return isOperator(node, 'Constant') ? constantOf(node, limits) : undefined;
  });
  fold(graph, (node) => {
    const source = graph.constants.get(node.input[0] ?? '');
    // One that others read too would be in memory twice.
    const isOnlyReader = source !== undefined && graph.readers(source.name).length === 1;
    return isOnlyReader ? transposeOf(node, source) : undefined;
  });
  graph.dropUnread();
}

/** Takes away each node of which `change` makes a tensor, or that it says is worth nothing; its value keeps its name. */
function fold(
  graph: Graph,
  change: (node: NodeMessage, output: string) => Folded | 'nothing' | undefined,
): void {
  graph.replaceNodes((node) => {
    const output = node.output[0] ?? '';
    const folded = change(node, output);
    if (folded === undefined || node.output.length > 1 || graph.isOutput(output)) return undefined;
    if (folded !== 'nothing') {
      graph.constants.set(output, { storedAs: folded.dataType, ...folded, name: output });
    }
    return [];
  });
}

type Folded = Omit<NewConstant, 'name'> & { readonly storedAs?: number };

function constantOf(node: NodeMessage, limits: ModelLimits): Folded | undefined {
  const value = attributeOf(node, 'value');
  if (value?.t !== undefined) return tensorBytes(value.t, limits);
  const float = attributeOf(node, 'value_float') ?? attributeOf(node, 'value_floats');
  if (float !== undefined) {
    const isOne = float.name === 'value_float';
    return numbers(isOne ? [] : [float.floats.length], {
      dataType: DataType.float,
      values: Float32Array.from(isOne ? [float.f] : float.floats),
    });
  }
  const int = attributeOf(node, 'value_int') ?? attributeOf(node, 'value_ints');
  if (int === undefined) return undefined;
  const isOne = int.name === 'value_int';
  return numbers(isOne ? [] : [int.ints.length], {
    dataType: DataType.int64,
    values: BigInt64Array.from(isOne ? [int.i] : int.ints),
  });
}

function numbers(
  dims: readonly number[],
  { dataType, values }: { dataType: number; values: Float32Array | BigInt64Array },
): Folded {
  return { dims, dataType, bytes: new Uint8Array(values.buffer) };
}

function transposeOf(node: NodeMessage, source: Constant): Folded | undefined {
  if (!isOperator(node, 'Transpose') || source.dims.length !== 2) return undefined;
  const permutation = intsOf(node, 'perm');
  if (permutation !== undefined && (permutation[0] !== 1 || permutation[1] !== 0)) return undefined;
  const [rows, columns] = source.dims as [number, number];
  const { dataType, storedAs } = source;
  const bytes = transposed(source.bytes, { rows, columns, size: bytesPerElement(storedAs)! });
  return { dims: [columns, rows], dataType, storedAs, bytes };
}
