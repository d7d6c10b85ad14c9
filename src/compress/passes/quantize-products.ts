import { attributeOf } from '../onnx/attributes.js';
import { DataType } from '../onnx/data-type.js';
import { isMicrosoft, newNode, type Graph } from '../onnx/graph.js';
import { linearAt } from '../encoder/linear.js';
import { bytesOf, elementsOf } from '../onnx/matrix.js';
import { MICROSOFT_DOMAIN } from '../onnx/allowed-operators.js';
import type { NodeMessage } from '../onnx/onnx-schema.js';
import { quantizeColumns } from './quantize-columns.js';
import { castTo } from '../onnx/widening.js';

export interface ProductOptions {
  readonly bits: 7 | 8;
  /** Nodes that stay in float. */
  readonly kept: ReadonlySet<NodeMessage>;
  /** Called with the number of weights after each matrix. */
  readonly onDone: (weights: number) => void;
}

/**
 * Dynamic int8: products with weights become products of integers. An activation is quantized once for all products that
 * read it, so query, key and value share it. onnxruntime fuses what is written here into one kernel a product. Returns
 * the number of products.
 */
export function quantizeProducts(graph: Graph, options: ProductOptions): number {
  const pass = new ProductPass(graph, options);
  let products = 0;
  graph.replaceNodes((node) => {
    if (options.kept.has(node)) return undefined;
    const replaced = pass.product(node) ?? pass.attention(node);
    if (replaced !== undefined) products += 1;
    return replaced;
  });
  return products;
}

/** Names of an activation as uint8, its scale and its zero point. */
type Rounded = readonly [value: string, scale: string, zero: string];

class ProductPass {
  readonly #graph: Graph;
  readonly #options: ProductOptions;
  readonly #activations = new Map<string, Rounded>();
  readonly #weights = new Map<string, readonly [integers: string, scales: string]>();
  #zero: string | undefined;

  constructor(graph: Graph, options: ProductOptions) {
    this.#graph = graph;
    this.#options = options;
  }

  product(node: NodeMessage): NodeMessage[] | undefined {
    const linear = linearAt(this.#graph, node);
    if (linear === undefined) return undefined;
    const [integers, scales] = this.#weight(linear.weight.name);
    const name = linear.weight.name;
    const { made, rounded } = this.#activation(linear.input);
    const [value, scale, zero] = rounded;
    const sum = this.#graph.freshName(`${name}.int32`);
    const product = this.#graph.freshName(`${name}.float`);
    const both = this.#graph.freshName(`${name}.both_scales`);
    return [
      ...made,
      newNode({ opType: 'MatMulInteger', input: [value, integers, zero], output: [sum] }),
      castTo(DataType.float, sum, product),
      newNode({ opType: 'Mul', input: [scale, scales], output: [both] }),
      newNode({ opType: 'Mul', input: [product, both], output: node.output }),
    ];
  }

  /** A fused attention has an integer form of its own, if nothing but a mask goes in. */
  attention(node: NodeMessage): NodeMessage[] | undefined {
    const graph = this.#graph;
    const weight = isMicrosoft(node, 'Attention') ? graph.floats(node.input[1]) : undefined;
    if (
      weight?.dims.length !== 2 ||
      node.input.slice(4).some((name) => name !== '') ||
      node.output.slice(1).some((name) => name !== '') ||
      attributeOf(node, 'qkv_hidden_sizes') !== undefined
    ) {
      return undefined;
    }
    const [input, , bias = '', mask = ''] = node.input as [string, string, string?, string?];
    if (graph.floats(bias) === undefined) return undefined;
    const [integers, scales] = this.#weight(weight.name);
    const { made, rounded } = this.#activation(input);
    const [value, scale, zero] = rounded;
    graph.importMicrosoft();
    return [
      ...made,
      newNode({
        opType: 'QAttention',
        domain: MICROSOFT_DOMAIN,
        input: [value, integers, bias, scale, scales, mask, zero, this.#zeroPoint()],
        output: node.output,
        attribute: ATTENTION_ATTRIBUTES.flatMap((name) => attributeOf(node, name) ?? []),
      }),
    ];
  }

  #activation(value: string): { made: NodeMessage[]; rounded: Rounded } {
    const known = this.#activations.get(value);
    if (known !== undefined) return { made: [], rounded: known };
    const rounded: Rounded = [
      this.#graph.freshName(`${value}.uint8`),
      this.#graph.freshName(`${value}.scale`),
      this.#graph.freshName(`${value}.zero`),
    ];
    this.#activations.set(value, rounded);
    const node = newNode({ opType: 'DynamicQuantizeLinear', input: [value], output: rounded });
    return { made: [node], rounded };
  }

  #weight(name: string): readonly [integers: string, scales: string] {
    const known = this.#weights.get(name);
    if (known !== undefined) return known;
    const graph = this.#graph;
    const weight = graph.constants.get(name)!;
    const { integers, scales } = quantizeColumns(weight, this.#options.bits);
    const { dims } = weight;
    const made = [
      graph.addConstant({
        name: `${name}.int8`,
        dims,
        dataType: DataType.int8,
        bytes: bytesOf(integers),
      }),
      graph.addConstant({
        name: `${name}.scale`,
        dims: [dims[1]!],
        dataType: DataType.float,
        bytes: bytesOf(scales),
      }),
    ] as const;
    this.#weights.set(name, made);
    this.#options.onDone(elementsOf(weight));
    return made;
  }

  #zeroPoint(): string {
    this.#zero ??= this.#graph.addConstant({
      name: 'weight.zero',
      dims: [],
      dataType: DataType.int8,
      bytes: new Uint8Array(1),
    });
    return this.#zero;
  }
}

const ATTENTION_ATTRIBUTES = ['num_heads', 'unidirectional', 'mask_filter_value', 'scale'];
