import { fromBinary } from '@bufbuild/protobuf';
import { canonicalDomain } from './allowed-operators.js';
import { checkModel } from './check-model.js';
import { ModelError, quoted } from '../compress-error.js';
import { Graph, type Constant } from './graph.js';
import type { ModelLimits } from './model-limits.js';
import { ModelSchema, type ModelMessage, type TensorMessage } from './onnx-schema.js';
import { notOnnx, scanWire } from './scan-wire.js';
import { sortNodes } from './sort-nodes.js';
import { tensorBytes } from './tensor-bytes.js';

/**
 * Reads an ONNX file that nobody has checked. Tensors are views of `bytes`, which must not change afterwards. Throws
 * ModelError for anything but a plain graph of known operators whose tensors add up; see ModelErrorCode.
 */
export function readModel(bytes: Uint8Array, limits: ModelLimits): Graph {
  if (bytes.length > limits.maxModelBytes) {
    throw new ModelError(
      'too_large',
      `The model has ${bytes.length} bytes, at most ${limits.maxModelBytes} are taken (maxModelBytes).`,
    );
  }
  scanWire(bytes, limits);
  const model = decode(bytes);
  checkModel(model, limits);
  const { graph } = model;
  if (graph === undefined) throw notOnnx('it holds no graph');
  for (const node of graph.node) node.domain &&= canonicalDomain(node.domain);

  const constants = readConstants(graph.initializer, limits);
  // Files of the first years list the tensors of the file among the inputs as well.
  const inputs = graph.input.filter(({ name }) => !constants.has(name));
  if (Math.max(inputs.length, graph.output.length) > limits.maxInputs) {
    throw new ModelError(
      'too_large',
      `The model has ${inputs.length} inputs and ${graph.output.length} outputs, at most ${limits.maxInputs} of each are taken (maxInputs).`,
    );
  }
  const nodes = sortNodes(graph, [...inputs.map(({ name }) => name), ...constants.keys()]);
  return new Graph(model, { nodes, constants: constants.values(), inputs, outputs: graph.output });
}

function decode(bytes: Uint8Array): ModelMessage {
  try {
    return fromBinary(ModelSchema, bytes);
  } catch (error) {
    // What the scan has let pass: a name that is not UTF-8, a number of more than ten bytes.
    throw notOnnx(error instanceof Error ? error.message.slice(0, 80) : 'unreadable', error);
  }
}

function readConstants(
  tensors: readonly TensorMessage[],
  limits: ModelLimits,
): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const tensor of tensors) {
    const { name } = tensor;
    if (name === '' || constants.has(name)) {
      throw new ModelError('bad_graph', `Two tensors, or none, are named ${quoted(name)}.`);
    }
    const { dims, dataType, bytes } = tensorBytes(tensor, limits);
    constants.set(name, { name, dims, dataType, storedAs: dataType, bytes, origin: tensor });
  }
  return constants;
}
