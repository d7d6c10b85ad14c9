import { isOperator, newNode, type Graph } from '../onnx/graph.js';
import { DataType } from '../onnx/data-type.js';
import { elementsOf, int64Bytes, integersOf } from '../onnx/matrix.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';

/** One number of a Reshape's target: known, or undefined where the graph computes it. */
export type TargetNumber = number | undefined;

/** No shape has so many; files that nobody checked might. */
const LONGEST_TARGET = 16;

/** The target shape of a Reshape, if it is a tensor of the file or put together from single numbers. */
export function targetOf(graph: Graph, reshape: NodeMessage): TargetNumber[] | undefined {
  const target = reshape.input[1]!;
  const constant = graph.constants.get(target);
  if (constant !== undefined) {
    const isShape = constant.dataType === DataType.int64 && elementsOf(constant) <= LONGEST_TARGET;
    return isShape ? integersOf(constant) : undefined;
  }
  const concat = graph.producer(target);
  if (concat === undefined || !isOperator(concat, 'Concat')) return undefined;
  if (concat.input.length > LONGEST_TARGET) return undefined;
  return concat.input.flatMap((name): TargetNumber[] => {
    const part = graph.constants.get(name);
    const isKnown = part?.dataType === DataType.int64 && elementsOf(part) <= LONGEST_TARGET;
    return isKnown ? integersOf(part) : [undefined];
  });
}

/**
 * Gives a Reshape a target of its own with other numbers in the places of `changed`. Returns the new node that puts it
 * together, if there is one; it belongs before the Reshape. The target may be shared with other layers, so it is not changed.
 */
export function retarget(
  graph: Graph,
  reshape: NodeMessage,
  changed: ReadonlyMap<number, number>,
): NodeMessage | undefined {
  const target = reshape.input[1]!;
  const replaced = (numbers: readonly number[], offset: number) =>
    numbers.map((number, i) => changed.get(offset + i) ?? number);
  const write = (name: string, numbers: readonly number[]) =>
    graph.addConstant({
      name,
      dims: [numbers.length],
      dataType: DataType.int64,
      bytes: int64Bytes(numbers),
    });

  const constant = graph.constants.get(target);
  if (constant !== undefined) {
    reshape.input[1] = write(`${target}.cut`, replaced(integersOf(constant), 0));
    return undefined;
  }
  const concat = graph.producer(target)!;
  let offset = 0;
  const input = concat.input.map((name) => {
    const part = graph.constants.get(name);
    const numbers = part === undefined ? undefined : integersOf(part);
    const from = offset;
    offset += numbers?.length ?? 1;
    const isChanged = numbers?.some((_, i) => changed.has(from + i)) ?? false;
    return isChanged ? write(`${name}.cut`, replaced(numbers!, from)) : name;
  });
  const output = graph.freshName(`${target}.cut`);
  reshape.input[1] = output;
  return newNode({ opType: 'Concat', input, output: [output], attribute: concat.attribute });
}
