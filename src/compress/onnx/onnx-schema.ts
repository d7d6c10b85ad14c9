/**
 * The part of the ONNX schema (onnx.proto, Apache-2.0) that the compressor reads. Fields that are not named here stay in
 * the messages as unknown fields and are written back as they came. Two kinds are left out on purpose: nested graphs,
 * so that no message contains itself, and the typed data of tensors, which would become one object a number.
 */

import { create, createFileRegistry, type Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import {
  Edition,
  FeatureSet_RepeatedFieldEncoding,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

interface Field<T> {
  readonly number: number;
  readonly type: FieldDescriptorProto_Type;
  readonly message?: string;
  readonly repeated?: true;
  /** Never there: it carries the type of the value. */
  readonly value?: T;
}

type Fields = Record<string, Field<unknown>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;
/** What `fromBinary` makes of a message with these fields. */
type Shape<F extends Fields> = Message & { -readonly [Name in keyof F]: ValueOf<F[Name]> };

const { TYPE_INT32, TYPE_INT64, TYPE_FLOAT, TYPE_STRING, TYPE_BYTES, TYPE_MESSAGE } = {
  TYPE_INT32: FieldDescriptorProto_Type.INT32,
  TYPE_INT64: FieldDescriptorProto_Type.INT64,
  TYPE_FLOAT: FieldDescriptorProto_Type.FLOAT,
  TYPE_STRING: FieldDescriptorProto_Type.STRING,
  TYPE_BYTES: FieldDescriptorProto_Type.BYTES,
  TYPE_MESSAGE: FieldDescriptorProto_Type.MESSAGE,
};

const int32 = (number: number): Field<number> => ({ number, type: TYPE_INT32 });
const int64 = (number: number): Field<bigint> => ({ number, type: TYPE_INT64 });
const float = (number: number): Field<number> => ({ number, type: TYPE_FLOAT });
const string = (number: number): Field<string> => ({ number, type: TYPE_STRING });
const bytes = (number: number): Field<Uint8Array> => ({ number, type: TYPE_BYTES });
const message = <T>(number: number, name: string): Field<T | undefined> => ({
  number,
  type: TYPE_MESSAGE,
  message: name,
});
const many = <T>(field: Field<T>): Field<Exclude<T, undefined>[]> => ({
  ...(field as Field<never>),
  repeated: true,
});

const dimension = { dimValue: int64(1), dimParam: string(2) };
const shape = { dim: many(message<Shape<typeof dimension>>(1, 'Dimension')) };
const tensorType = { elemType: int32(1), shape: message<Shape<typeof shape>>(2, 'Shape') };
const type = { tensorType: message<Shape<typeof tensorType>>(1, 'TensorType') };
const valueInfo = { name: string(1), type: message<Shape<typeof type>>(2, 'Type') };
const entry = { key: string(1), value: string(2) };
const operatorSet = { domain: string(1), version: int64(2) };
const tensor = {
  dims: many(int64(1)),
  dataType: int32(2),
  name: string(8),
  rawData: bytes(9),
  externalData: many(message<Shape<typeof entry>>(13, 'Entry')),
  dataLocation: int32(14),
};
const attribute = {
  name: string(1),
  f: float(2),
  i: int64(3),
  s: bytes(4),
  t: message<Shape<typeof tensor>>(5, 'Tensor'),
  floats: many(float(7)),
  ints: many(int64(8)),
  strings: many(bytes(9)),
  type: int32(20),
};
const node = {
  input: many(string(1)),
  output: many(string(2)),
  name: string(3),
  opType: string(4),
  attribute: many(message<Shape<typeof attribute>>(5, 'Attribute')),
  domain: string(7),
};
const graph = {
  node: many(message<Shape<typeof node>>(1, 'Node')),
  name: string(2),
  initializer: many(message<Shape<typeof tensor>>(5, 'Tensor')),
  docString: string(10),
  input: many(message<Shape<typeof valueInfo>>(11, 'ValueInfo')),
  output: many(message<Shape<typeof valueInfo>>(12, 'ValueInfo')),
  valueInfo: many(message<Shape<typeof valueInfo>>(13, 'ValueInfo')),
};
const model = {
  irVersion: int64(1),
  producerName: string(2),
  producerVersion: string(3),
  domain: string(4),
  modelVersion: int64(5),
  docString: string(6),
  graph: message<Shape<typeof graph>>(7, 'Graph'),
  opsetImport: many(message<Shape<typeof operatorSet>>(8, 'OperatorSet')),
  metadataProps: many(message<Shape<typeof entry>>(14, 'Entry')),
};

export type TensorMessage = Shape<typeof tensor>;
export type AttributeMessage = Shape<typeof attribute>;
export type NodeMessage = Shape<typeof node>;
export type ValueInfoMessage = Shape<typeof valueInfo>;
export type GraphMessage = Shape<typeof graph>;
export type ModelMessage = Shape<typeof model>;

/** onnx.proto is of the old syntax: presence is explicit and repeated numbers are written one by one. */
const OLD_SYNTAX = { repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding.EXPANDED };

function describe(name: string, fields: Fields) {
  return {
    name,
    field: Object.entries(fields).map(([fieldName, field]) => ({
      name: fieldName,
      number: field.number,
      type: field.type,
      label: field.repeated
        ? FieldDescriptorProto_Label.REPEATED
        : FieldDescriptorProto_Label.OPTIONAL,
      ...(field.message === undefined ? {} : { typeName: `.onnx.${field.message}` }),
    })),
  };
}

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'onnx.proto',
    package: 'onnx',
    syntax: 'editions',
    edition: Edition.EDITION_2023,
    options: { features: OLD_SYNTAX },
    messageType: [
      describe('Dimension', dimension),
      describe('Shape', shape),
      describe('TensorType', tensorType),
      describe('Type', type),
      describe('ValueInfo', valueInfo),
      describe('Entry', entry),
      describe('OperatorSet', operatorSet),
      describe('Tensor', tensor),
      describe('Attribute', attribute),
      describe('Node', node),
      describe('Graph', graph),
      describe('Model', model),
    ],
  }),
  () => undefined,
);

function schemaOf<M extends Message>(name: string): GenMessage<M> {
  return registry.getMessage(`onnx.${name}`) as unknown as GenMessage<M>;
}

export const TensorSchema = schemaOf<TensorMessage>('Tensor');
export const AttributeSchema = schemaOf<AttributeMessage>('Attribute');
export const NodeSchema = schemaOf<NodeMessage>('Node');
export const GraphSchema = schemaOf<GraphMessage>('Graph');
export const ModelSchema = schemaOf<ModelMessage>('Model');
export const OperatorSetSchema = schemaOf<Shape<typeof operatorSet>>('OperatorSet');

/** Numbers of fields that stay unknown, by what they hold. */
export const MODEL_FIELDS = { trainingInfo: 20, functions: 25 } as const;
export const GRAPH_FIELDS = { initializer: 5, sparseInitializer: 15 } as const;
export const ATTRIBUTE_FIELDS = {
  graph: 6,
  graphs: 11,
  tensors: 10,
  typeProto: 14,
  typeProtos: 15,
  referenceName: 21,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;
export const TENSOR_FIELDS = {
  segment: 3,
  floatData: 4,
  int32Data: 5,
  stringData: 6,
  int64Data: 7,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
} as const;
