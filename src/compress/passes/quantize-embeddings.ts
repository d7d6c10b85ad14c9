import { intAttribute } from '../onnx/attributes.js';
import { DataType } from '../onnx/data-type.js';
import { newNode, type Graph } from '../onnx/graph.js';
import { bytesOf } from '../onnx/matrix.js';
import { quantizeRows } from './quantize-columns.js';
import type { WordTable } from '../encoder/tables.js';
import { castTo } from '../onnx/widening.js';

/** Stores the word embeddings in int8 with a scale a row; the rows that a text needs are widened when it runs. */
export function quantizeEmbeddings(graph: Graph, { node, table }: WordTable): void {
  const { name, dims } = table;
  const { integers, scales } = quantizeRows(table);
  const stored = graph.addConstant({
    name: `${name}.int8`,
    dims,
    dataType: DataType.int8,
    bytes: bytesOf(integers),
  });
  const scale = graph.addConstant({
    name: `${name}.scale`,
    dims: [dims[0]!, 1],
    dataType: DataType.float,
    bytes: bytesOf(scales),
  });
  const ids = node.input[1]!;
  const [rows, widened, factors] = ['rows.int8', 'rows.float', 'rows.scale'].map((what) =>
    graph.freshName(`${name}.${what}`),
  ) as [string, string, string];
  const gather = (from: string, to: string) =>
    newNode({
      opType: 'Gather',
      input: [from, ids],
      output: [to],
      attribute: [intAttribute('axis', 0)],
    });
  graph.replaceNodes((other) =>
    other === node
      ? [
          gather(stored, rows),
          castTo(DataType.float, rows, widened),
          gather(scale, factors),
          newNode({ opType: 'Mul', input: [widened, factors], output: node.output }),
        ]
      : undefined,
  );
}
