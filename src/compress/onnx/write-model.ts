import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Constant, Graph } from './graph.js';
import {
  GRAPH_FIELDS,
  GraphSchema,
  ModelSchema,
  TENSOR_FIELDS,
  TensorSchema,
  type GraphMessage,
  type ModelMessage,
} from './onnx-schema.js';
import { isTypedData } from './tensor-bytes.js';

const GRAPH_OF_MODEL = 7;

/**
 * The bytes of a graph. Weights are copied once, into their place in the file: the library's own writer would hold them
 * three times at its peak. Fields are written in the order of their numbers, as other writers do.
 */
export function writeModel(graph: Graph): Uint8Array<ArrayBuffer> {
  const file = new Parts();
  const { model } = graph;
  const { head, tail } = split(model);
  file.add(toBinary(ModelSchema, head));
  const message = model.graph!;
  const body = new Parts();
  body.add(toBinary(GraphSchema, create(GraphSchema, { node: graph.nodes })));
  if (message.name !== '') {
    body.add(toBinary(GraphSchema, create(GraphSchema, { name: message.name })));
  }
  for (const constant of graph.constants.values()) {
    body.addMessage(GRAPH_FIELDS.initializer, tensorParts(constant));
  }
  body.add(toBinary(GraphSchema, restOf(message, graph)));
  file.addMessage(GRAPH_OF_MODEL, body);
  file.add(toBinary(ModelSchema, tail));
  return file.joined();
}

/** Bytes that follow each other, not copied until all are known. */
class Parts {
  readonly chunks: Uint8Array[] = [];
  length = 0;

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  addMessage(field: number, parts: Parts): void {
    this.add(new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(parts.length).finish());
    for (const chunk of parts.chunks) this.add(chunk);
  }

  joined(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}

/** A model without its graph, as the fields before and after it. */
function split(model: ModelMessage): { head: ModelMessage; tail: ModelMessage } {
  const { irVersion, producerName, producerVersion, domain, modelVersion, docString } = model;
  const head = create(ModelSchema, { irVersion });
  for (const [key, value] of Object.entries({ producerName, producerVersion, domain, docString })) {
    if (value !== '') head[key as 'producerName'] = value;
  }
  if (modelVersion !== 0n) head.modelVersion = modelVersion;
  const tail = create(ModelSchema, {
    opsetImport: model.opsetImport,
    metadataProps: model.metadataProps,
  });
  if (model.$unknown !== undefined) tail.$unknown = model.$unknown;
  return { head, tail };
}

/** Shapes of inner values are left out: cuts change them, and onnxruntime infers them itself. */
function restOf(message: GraphMessage, graph: Graph): GraphMessage {
  const rest = create(GraphSchema, { input: graph.inputs, output: [...graph.outputs] });
  if (message.docString !== '') rest.docString = message.docString;
  if (message.$unknown !== undefined) rest.$unknown = message.$unknown;
  return rest;
}

function tensorParts(constant: Constant): Parts {
  const { name, dims, storedAs, bytes, origin } = constant;
  const parts = new Parts();
  const head = create(TensorSchema, { dims: dims.map(BigInt), dataType: storedAs, name });
  parts.add(toBinary(TensorSchema, head));
  const raw = new BinaryWriter().tag(TENSOR_FIELDS.rawData, WireType.LengthDelimited);
  parts.add(raw.uint32(bytes.length).finish());
  parts.add(bytes);
  const kept = origin?.$unknown?.filter((field) => !isTypedData(field)) ?? [];
  if (kept.length > 0) {
    const tail = create(TensorSchema);
    tail.$unknown = kept;
    parts.add(toBinary(TensorSchema, tail));
  }
  return parts;
}
