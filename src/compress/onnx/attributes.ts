import { create } from '@bufbuild/protobuf';
import { AttributeSchema, type AttributeMessage, type NodeMessage } from './onnx-schema.js';

/** AttributeProto.AttributeType. */
export const AttributeType = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
} as const;

export function attributeOf(node: NodeMessage, name: string): AttributeMessage | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

export function intOf(node: NodeMessage, name: string): number | undefined {
  const attribute = attributeOf(node, name);
  return attribute === undefined ? undefined : Number(attribute.i);
}

export function intsOf(node: NodeMessage, name: string): number[] | undefined {
  return attributeOf(node, name)?.ints.map(Number);
}

export function intAttribute(name: string, value: number): AttributeMessage {
  return create(AttributeSchema, { name, type: AttributeType.int, i: BigInt(value) });
}

/** Replaces the attribute of that name, or adds it. */
export function setInt(node: NodeMessage, name: string, value: number): void {
  node.attribute = [
    ...node.attribute.filter((attribute) => attribute.name !== name),
    intAttribute(name, value),
  ];
}
