import {
  canonicalDomain,
  isAllowedOperator,
  isKnownDomain,
  mayBeImported,
} from './allowed-operators.js';
import { AttributeType } from './attributes.js';
import { ModelError, quoted } from '../compress-error.js';
import type { ModelLimits } from './model-limits.js';
import {
  ATTRIBUTE_FIELDS,
  GRAPH_FIELDS,
  MODEL_FIELDS,
  type AttributeMessage,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
} from './onnx-schema.js';
import { notOnnx } from './scan-wire.js';
import { tensorBytes } from './tensor-bytes.js';

/** The first opset with all operators that quantization writes. */
const OLDEST_OPSET = 11;

/** Refuses what a plain graph of an encoder does not have. Throws ModelError. */
export function checkModel(model: ModelMessage, limits: ModelLimits): void {
  const { graph } = model;
  if (graph === undefined) throw notOnnx('it holds no graph');
  if (has(model, MODEL_FIELDS.functions)) {
    throw new ModelError(
      'nested_graph',
      'The model holds functions; export it with functions inlined.',
    );
  }
  if (has(model, MODEL_FIELDS.trainingInfo)) {
    throw new ModelError('unsupported', 'The model holds a training graph; export for inference.');
  }
  if (has(graph, GRAPH_FIELDS.sparseInitializer)) {
    throw new ModelError('unsupported', 'The model holds sparse tensors; store them dense.');
  }
  checkOpsets(model);
  checkCounts(graph, limits);
  for (const node of graph.node) checkNode(node, limits);
}

function has(
  message: { $unknown?: readonly { no: number }[] | undefined },
  number: number,
): boolean {
  return message.$unknown?.some(({ no }) => no === number) ?? false;
}

function checkOpsets({ opsetImport }: ModelMessage): void {
  const unknown = opsetImport.find(({ domain }) => !mayBeImported(domain));
  if (unknown !== undefined) {
    throw new ModelError(
      'unknown_domain',
      `The model imports operators of the domain ${quoted(unknown.domain)}; only those of ONNX and com.microsoft are taken.`,
    );
  }
  const standard = opsetImport.find(({ domain }) => canonicalDomain(domain) === '');
  if (standard === undefined) throw notOnnx('it does not say which opset it is of');
  if (standard.version < OLDEST_OPSET) {
    throw new ModelError(
      'unsupported',
      `The model is of opset ${standard.version.toString()}; export it with ${OLDEST_OPSET} or newer.`,
    );
  }
}

function checkCounts(graph: GraphMessage, limits: ModelLimits): void {
  for (const [what, count, limit, key] of [
    ['nodes', graph.node.length, limits.maxNodes, 'maxNodes'],
    ['tensors', graph.initializer.length, limits.maxTensors, 'maxTensors'],
  ] as const) {
    if (count > limit) {
      throw new ModelError(
        'too_large',
        `The model has ${count} ${what}, at most ${limit} are taken (${key}).`,
      );
    }
  }
}

function checkNode(node: NodeMessage, limits: ModelLimits): void {
  const { domain, opType } = node;
  if (!isKnownDomain(domain)) {
    throw new ModelError(
      'unknown_domain',
      `The node ${quoted(node.name)} is of the domain ${quoted(domain)}; only those of ONNX and com.microsoft are taken.`,
    );
  }
  for (const attribute of node.attribute) checkAttribute(node, attribute, limits);
  if (!isAllowedOperator(domain, opType)) {
    throw new ModelError(
      'unknown_operator',
      `The operator ${quoted(opType)} is not among those that encoders have.`,
    );
  }
}

function checkAttribute(node: NodeMessage, attribute: AttributeMessage, limits: ModelLimits): void {
  const { graph, graphs, ...others } = ATTRIBUTE_FIELDS;
  if (has(attribute, graph) || has(attribute, graphs) || attribute.type === AttributeType.graph) {
    throw new ModelError(
      'nested_graph',
      `The node ${quoted(node.name)} (${quoted(node.opType)}) holds a graph of its own; loops and branches are not taken.`,
    );
  }
  if (Object.values(others).some((number) => has(attribute, number))) {
    throw new ModelError(
      'unsupported',
      `The attribute ${quoted(attribute.name)} of ${quoted(node.opType)} is of a kind that encoders do not have.`,
    );
  }
  if (attribute.t !== undefined) tensorBytes(attribute.t, limits);
}
