import { create } from '@bufbuild/protobuf';
import { canonicalDomain, MICROSOFT_DOMAIN } from './allowed-operators.js';
import { DataType } from './data-type.js';
import {
  NodeSchema,
  OperatorSetSchema,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from './onnx-schema.js';

/** A tensor of the file. */
export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  /** As the nodes that read it see it. */
  readonly dataType: number;
  /** As its bytes are: float16 where fp32 is stored in half and widened when the model loads, else the same. */
  readonly storedAs: number;
  readonly bytes: Uint8Array;
  /** The message that it was read from, for what else stands in it. */
  readonly origin?: TensorMessage;
}

export interface NewConstant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly bytes: Uint8Array;
}

/** Nodes in an order in which each comes after those that it reads, and the tensors that they read. */
export class Graph {
  readonly constants = new Map<string, Constant>();
  nodes: NodeMessage[];
  readonly inputs: ValueInfoMessage[];
  readonly outputs: readonly ValueInfoMessage[];
  #names: Set<string> | undefined;
  #producers: Map<string, NodeMessage> | undefined;
  #readers: Map<string, NodeMessage[]> | undefined;

  constructor(
    readonly model: ModelMessage,
    parts: {
      readonly nodes: NodeMessage[];
      readonly constants: Iterable<Constant>;
      readonly inputs: ValueInfoMessage[];
      readonly outputs: readonly ValueInfoMessage[];
    },
  ) {
    this.nodes = parts.nodes;
    this.inputs = parts.inputs;
    this.outputs = parts.outputs;
    for (const constant of parts.constants) this.constants.set(constant.name, constant);
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producer(value: string): NodeMessage | undefined {
    if (this.#producers === undefined) {
      this.#producers = new Map();
      for (const node of this.nodes) {
        for (const name of node.output) if (name !== '') this.#producers.set(name, node);
      }
    }
    return this.#producers.get(value);
  }

  /** The nodes that read a value, once for each time that they read it. */
  readers(value: string): readonly NodeMessage[] {
    if (this.#readers === undefined) {
      this.#readers = new Map();
      for (const node of this.nodes) {
        for (const name of node.input) {
          const known = this.#readers.get(name);
          if (known === undefined) this.#readers.set(name, [node]);
          else known.push(node);
        }
      }
    }
    return this.#readers.get(value) ?? [];
  }

  isOutput(value: string): boolean {
    return this.outputs.some(({ name }) => name === value);
  }

  /** A constant that is read as fp32, however it is stored. */
  floats(value: string | undefined): Constant | undefined {
    const constant = value === undefined ? undefined : this.constants.get(value);
    return constant?.dataType === DataType.float ? constant : undefined;
  }

  /** Replaces each node by those that `change` returns for it; those of which it returns undefined stay. */
  replaceNodes(change: (node: NodeMessage) => readonly NodeMessage[] | undefined): void {
    this.nodes = this.nodes.flatMap((node) => change(node) ?? [node]);
    this.touched();
  }

  /** To be called after inputs of nodes were changed. */
  touched(): void {
    this.#producers = undefined;
    this.#readers = undefined;
  }

  /** The name itself, or with a number where it is taken. */
  freshName(wanted: string): string {
    this.#names ??= new Set([
      ...this.inputs.map(({ name }) => name),
      ...this.constants.keys(),
      ...this.nodes.flatMap((node) => [node.name, ...node.output]),
    ]);
    let name = wanted;
    for (let i = 1; this.#names.has(name); i += 1) name = `${wanted}.${i}`;
    this.#names.add(name);
    return name;
  }

  /** What has gone from the graph may be a name again. Not to be called between a fresh name and its use. */
  forgetNames(): void {
    this.#names = undefined;
  }

  /** Returns the name under which it is known. */
  addConstant(constant: NewConstant): string {
    const name = this.freshName(constant.name);
    this.constants.set(name, { ...constant, name, storedAs: constant.dataType });
    return name;
  }

  /** Takes away nodes whose values nobody reads, and constants without readers. */
  dropUnread(): { readonly nodes: number; readonly constants: number } {
    const read = new Set(this.outputs.map(({ name }) => name));
    const kept: NodeMessage[] = [];
    for (let i = this.nodes.length - 1; i >= 0; i -= 1) {
      const node = this.nodes[i]!;
      if (!node.output.some((name) => read.has(name))) continue;
      for (const name of node.input) read.add(name);
      kept.push(node);
    }
    const dropped = { nodes: this.nodes.length - kept.length, constants: 0 };
    this.nodes = kept.reverse();
    for (const name of this.constants.keys()) {
      if (read.has(name)) continue;
      this.constants.delete(name);
      dropped.constants += 1;
    }
    this.touched();
    return dropped;
  }

  /** onnxruntime refuses two nodes of one name; what this compressor adds is named after what it makes. */
  renameDoubles(): void {
    const seen = new Set<string>();
    for (const node of this.nodes) {
      if (node.name !== '' && seen.has(node.name)) node.name = this.freshName(node.name);
      seen.add(node.name);
    }
  }

  /** Makes sure that onnxruntime's own operators are imported, as soon as one is used. */
  importMicrosoft(): void {
    const imports = this.model.opsetImport;
    if (imports.some(({ domain }) => domain === MICROSOFT_DOMAIN)) return;
    imports.push(create(OperatorSetSchema, { domain: MICROSOFT_DOMAIN, version: 1n }));
  }
}

export function isOperator(node: NodeMessage | undefined, operator: string, domain = ''): boolean {
  return node?.opType === operator && canonicalDomain(node.domain) === domain;
}

export function isMicrosoft(node: NodeMessage | undefined, operator: string): boolean {
  return isOperator(node, operator, MICROSOFT_DOMAIN);
}

export interface NewNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly domain?: string;
  readonly attribute?: NodeMessage['attribute'];
}

/** The domain is written even if it is the standard one, as our own files do, so that they come out as they went in. */
export function newNode({ opType, input, output, domain = '', attribute }: NewNode): NodeMessage {
  return create(NodeSchema, {
    opType,
    input: [...input],
    output: [...output],
    name: output[0]!,
    domain,
    attribute: [...(attribute ?? [])],
  });
}
