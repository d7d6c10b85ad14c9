import { isOperator, type Graph } from '../onnx/graph.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

/**
 * The normalized value, if a value goes through a layer normalization: one operator, or the nine that torch.onnx writes
 * for opsets before 17 (mean, difference, variance, root, quotient, scale, shift).
 */
export function normalized(graph: Graph, value: string): string | undefined {
  for (const reader of graph.readers(value)) {
    if (isOperator(reader, 'LayerNormalization') && reader.input[0] === value) {
      return reader.output[0];
    }
    const spelledOut = isOperator(reader, 'Sub')
      ? afterDifference(graph, reader, value)
      : undefined;
    if (spelledOut !== undefined) return spelledOut;
  }
  return undefined;
}

function afterDifference(graph: Graph, sub: NodeMessage, value: string): string | undefined {
  const mean = graph.producer(sub.input[1]!);
  if (sub.input[0] !== value || !isMeanOf(mean, value)) return undefined;
  const difference = sub.output[0]!;
  for (const divide of graph.readers(difference)) {
    if (!isOperator(divide, 'Div') || divide.input[0] !== difference) continue;
    if (!isDeviationOf(graph, divide.input[1]!, difference)) continue;
    const scaled = onlyReader(graph, divide.output[0]!, 'Mul');
    const shifted = scaled && onlyReader(graph, scaled.output[0]!, 'Add');
    if (shifted !== undefined) return shifted.output[0];
  }
  return undefined;
}

function isMeanOf(node: NodeMessage | undefined, value: string): boolean {
  return isOperator(node, 'ReduceMean') && node?.input[0] === value;
}

function isDeviationOf(graph: Graph, value: string, difference: string): boolean {
  const root = graph.producer(value);
  if (!isOperator(root, 'Sqrt')) return false;
  const sum = graph.producer(root!.input[0]!);
  if (!isOperator(sum, 'Add')) return false;
  return sum!.input.some((name) => {
    const mean = graph.producer(name);
    const square = isOperator(mean, 'ReduceMean') ? graph.producer(mean!.input[0]!) : undefined;
    return (
      (isOperator(square, 'Pow') || isOperator(square, 'Mul')) && square?.input[0] === difference
    );
  });
}

/** The single node that reads a value, if it is of this operator and its other operand is a tensor of the file. */
function onlyReader(graph: Graph, value: string, operator: string): NodeMessage | undefined {
  const [reader, ...others] = graph.readers(value);
  if (others.length > 0 || !isOperator(reader, operator)) return undefined;
  return reader!.input.some((name) => graph.floats(name) !== undefined) ? reader : undefined;
}
