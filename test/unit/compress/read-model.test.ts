import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ModelError, type ModelErrorCode } from '../../../src/compress/compress-error.js';
import { DataType } from '../../../src/compress/onnx/data-type.js';
import { newNode } from '../../../src/compress/onnx/graph.js';
import { DEFAULT_LIMITS, type ModelLimits } from '../../../src/compress/onnx/model-limits.js';
import {
  AttributeSchema,
  ModelSchema,
  OperatorSetSchema,
  TensorSchema,
  type GraphMessage,
  type ModelMessage,
} from '../../../src/compress/onnx/onnx-schema.js';
import { readModel } from '../../../src/compress/onnx/read-model.js';
import { writeModel } from '../../../src/compress/onnx/write-model.js';
import { changedModel, TINY } from '../../support/onnx-models.js';

/** A field that the schema does not name, of a message or some bytes. */
function unknown(no: number, content: Uint8Array = new Uint8Array([1, 2, 3])) {
  const data = new BinaryWriter().bytes(content).finish();
  return { no, wireType: WireType.LengthDelimited, data };
}

const graphOf = (model: ModelMessage): GraphMessage => model.graph!;
const packed = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};

interface Refusal {
  readonly because: string;
  readonly code: ModelErrorCode;
  readonly says: RegExp;
  readonly change: (model: ModelMessage) => void;
  readonly limits?: Partial<ModelLimits>;
}

const refusals: Refusal[] = [
  {
    because: 'has no graph',
    code: 'not_onnx',
    says: /it holds no graph/,
    change: (model) => (model.graph = undefined),
  },
  {
    because: 'says no opset',
    code: 'not_onnx',
    says: /which opset/,
    change: (model) => (model.opsetImport = []),
  },
  {
    because: 'is of an old opset',
    code: 'unsupported',
    says: /opset 9; export it with 11 or newer/,
    change: (model) => (model.opsetImport[0]!.version = 9n),
  },
  {
    because: 'imports an unknown domain',
    code: 'unknown_domain',
    says: /"evil\.example"/,
    change: (model) =>
      model.opsetImport.push(create(OperatorSetSchema, { domain: 'evil.example', version: 1n })),
  },
  {
    because: 'has a node of an unknown domain',
    code: 'unknown_domain',
    says: /"evil\.example"/,
    change: (model) => (graphOf(model).node[3]!.domain = 'evil.example'),
  },
  {
    because: 'has a node of a domain that may only be imported in vain',
    code: 'unknown_domain',
    says: /"ai\.onnx\.ml"/,
    change: (model) => (graphOf(model).node[3]!.domain = 'ai.onnx.ml'),
  },
  {
    because: 'has an operator outside of the list',
    code: 'unknown_operator',
    says: /"Loop"/,
    change: (model) => (graphOf(model).node[3]!.opType = 'Loop'),
  },
  {
    because: 'holds functions',
    code: 'nested_graph',
    says: /functions inlined/,
    change: (model) => (model.$unknown = [unknown(25)]),
  },
  {
    because: 'holds a training graph',
    code: 'unsupported',
    says: /training/,
    change: (model) => (model.$unknown = [unknown(20)]),
  },
  {
    because: 'holds sparse tensors',
    code: 'unsupported',
    says: /sparse/,
    change: (model) => (graphOf(model).$unknown = [unknown(15)]),
  },
  ...[6, 11].map((field): Refusal => ({
    because: `has a node with a graph in field ${field} of an attribute`,
    code: 'nested_graph',
    says: /holds a graph of its own/,
    change: (model) => {
      const attribute = create(AttributeSchema, { name: 'body' });
      attribute.$unknown = [unknown(field)];
      graphOf(model).node[0]!.attribute.push(attribute);
    },
  })),
  {
    because: 'has an attribute that says it is a graph',
    code: 'nested_graph',
    says: /holds a graph of its own/,
    change: (model) =>
      graphOf(model).node[0]!.attribute.push(create(AttributeSchema, { name: 'body', type: 5 })),
  },
  {
    because: 'has a sparse tensor in an attribute',
    code: 'unsupported',
    says: /"value"/,
    change: (model) => {
      const attribute = create(AttributeSchema, { name: 'value' });
      attribute.$unknown = [unknown(22)];
      graphOf(model).node[0]!.attribute.push(attribute);
    },
  },
  {
    because: 'keeps a tensor in another file',
    code: 'external_data',
    says: /"embeddings\.word" lies in another file/,
    change: (model) => {
      const tensor = graphOf(model).initializer.find(({ name }) => name === 'embeddings.word')!;
      tensor.dataLocation = 1;
    },
  },
  {
    because: 'names another file for a tensor without saying so',
    code: 'external_data',
    says: /another file/,
    change: (model) =>
      graphOf(model).initializer[0]!.externalData.push({
        $typeName: 'onnx.Entry',
        key: 'location',
        value: '../../etc/passwd',
      }),
  },
  {
    because: 'keeps a tensor of an attribute in another file',
    code: 'external_data',
    says: /another file/,
    change: (model) =>
      graphOf(model).node[0]!.attribute.push(
        create(AttributeSchema, { name: 'value', t: create(TensorSchema, { dataLocation: 1 }) }),
      ),
  },
  {
    because: 'has a tensor with fewer bytes than its shape',
    code: 'bad_tensor',
    says: /does not add up: \d+ bytes for \[/,
    change: (model) => {
      const tensor = graphOf(model).initializer[0]!;
      tensor.rawData = tensor.rawData.subarray(1);
    },
  },
  {
    because: 'has a tensor of another shape',
    code: 'bad_tensor',
    says: /does not add up/,
    change: (model) => (graphOf(model).initializer[0]!.dims[0]! += 1n),
  },
  {
    because: 'has a tensor of a negative size',
    code: 'bad_tensor',
    says: /a dimension of -4/,
    change: (model) => (graphOf(model).initializer[0]!.dims[0] = -4n),
  },
  {
    because: 'has a tensor of an absurd size',
    code: 'too_large',
    says: /maxTensorBytes/,
    change: (model) =>
      (graphOf(model).initializer[0]!.dims = [2n ** 30n, 2n ** 30n, 2n ** 30n, 2n ** 30n]),
  },
  {
    because: 'has a tensor of too many dimensions',
    code: 'too_large',
    says: /9 dimensions, at most 8/,
    change: (model) => (graphOf(model).initializer[0]!.dims = Array<bigint>(9).fill(1n)),
  },
  {
    because: 'has a tensor of strings',
    code: 'unsupported',
    says: /data type 8/,
    change: (model) => (graphOf(model).initializer[0]!.dataType = 8),
  },
  {
    because: 'promises many numbers and has few of typed data',
    code: 'bad_tensor',
    says: /3 bytes for 400000000 numbers/,
    change: (model) => {
      const tensor = graphOf(model).initializer[0]!;
      Object.assign(tensor, { dims: [400_000_000n], dataType: DataType.uint8 });
      tensor.rawData = new Uint8Array();
      tensor.$unknown = [unknown(5, new Uint8Array(2))];
    },
  },
  {
    because: 'has a tensor whose numbers are stored twice',
    code: 'bad_tensor',
    says: /stored twice/,
    change: (model) => (graphOf(model).initializer[0]!.$unknown = [unknown(4)]),
  },
  {
    because: 'has two tensors of one name',
    code: 'bad_graph',
    says: /Two tensors/,
    change: (model) => (graphOf(model).initializer[1]!.name = graphOf(model).initializer[0]!.name),
  },
  {
    because: 'has a tensor without a name',
    code: 'bad_graph',
    says: /Two tensors, or none/,
    change: (model) => (graphOf(model).initializer[1]!.name = ''),
  },
  {
    because: 'makes a value twice',
    code: 'bad_graph',
    says: /is made twice/,
    change: (model) =>
      (graphOf(model).node.at(-1)!.output[0] = graphOf(model).node.at(-2)!.output[0]!),
  },
  {
    because: 'makes a value that is an input',
    code: 'bad_graph',
    says: /"input_ids" is made twice/,
    change: (model) => (graphOf(model).node[0]!.output[0] = 'input_ids'),
  },
  {
    because: 'reads a value that nothing makes',
    code: 'bad_graph',
    says: /reads "nobody", which nothing makes/,
    change: (model) => (graphOf(model).node[0]!.input[0] = 'nobody'),
  },
  {
    because: 'makes a value from itself',
    code: 'bad_graph',
    says: /is made from itself/,
    change: (model) => (graphOf(model).node[4]!.input[0] = 'logits'),
  },
  {
    because: 'has no output',
    code: 'bad_graph',
    says: /it has no output/,
    change: (model) => (graphOf(model).output = []),
  },
  {
    because: 'has an output that nothing makes',
    code: 'bad_graph',
    says: /no node makes the output "gone"/,
    change: (model) => (graphOf(model).output[0]!.name = 'gone'),
  },
  {
    because: 'has two outputs of one name',
    code: 'bad_graph',
    says: /two outputs/,
    change: (model) => graphOf(model).output.push(graphOf(model).output[0]!),
  },
  {
    because: 'has no input',
    code: 'bad_graph',
    says: /"input_ids", which nothing makes|it has no input/,
    change: (model) => (graphOf(model).input = []),
  },
  {
    because: 'has more bytes than are taken',
    code: 'too_large',
    says: /maxModelBytes/,
    change: () => undefined,
    limits: { maxModelBytes: 1000 },
  },
  {
    because: 'has more nodes than are taken',
    code: 'too_large',
    says: /maxNodes/,
    change: () => undefined,
    limits: { maxNodes: 10 },
  },
  {
    because: 'has more tensors than are taken',
    code: 'too_large',
    says: /maxTensors/,
    change: () => undefined,
    limits: { maxTensors: 10 },
  },
  {
    because: 'has more parts than are taken',
    code: 'too_large',
    says: /maxItems/,
    change: (model) => (graphOf(model).node[0]!.input = Array<string>(500).fill('input_ids')),
    limits: { maxItems: 400 },
  },
];

describe('readModel', () => {
  for (const { because, code, says, change, limits } of refusals) {
    it(`refuses a model that ${because}`, () => {
      assert.throws(
        () => readModel(changedModel(change), { ...DEFAULT_LIMITS, ...limits }),
        (error) => error instanceof ModelError && error.code === code && says.test(error.message),
      );
    });
  }

  for (const [what, bytes] of Object.entries({
    'no bytes': new Uint8Array(),
    'text instead of a model': new TextEncoder().encode(
      'version https://git-lfs.github.com/spec/v1',
    ),
    'a file of zeros': new Uint8Array(4096),
    'a model that breaks off': readFileSync(TINY).subarray(0, 50_000),
    'a field of another wire type': packed((writer) => writer.tag(7, WireType.Varint).uint32(1)),
    'a graph that is longer than the file': packed((writer) =>
      writer.tag(7, WireType.LengthDelimited).uint32(1000),
    ),
    'a group': packed((writer) => writer.tag(99, WireType.StartGroup).tag(99, WireType.EndGroup)),
    'a name that is not UTF-8': packed((writer) =>
      writer.tag(2, WireType.LengthDelimited).bytes(new Uint8Array([0xc3, 0x28])),
    ),
  })) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readModel(bytes, DEFAULT_LIMITS),
        (error) => error instanceof ModelError && error.code === 'not_onnx',
      );
    });
  }

  it('shortens a name of the file that it quotes', () => {
    const long = `\u001b[31m${'x'.repeat(500)}`;
    assert.throws(
      () =>
        readModel(
          changedModel((model) => (graphOf(model).node[0]!.opType = long)),
          DEFAULT_LIMITS,
        ),
      (error: Error) => error.message.length < 250 && !error.message.includes('\u001b'),
    );
  });

  it('sorts nodes that come before those that they read', () => {
    const inOrder = readModel(readFileSync(TINY), DEFAULT_LIMITS).nodes.map(({ name }) => name);
    const bytes = changedModel((model) => graphOf(model).node.reverse());

    const { nodes } = readModel(bytes, DEFAULT_LIMITS);
    const made = new Set<string>();
    for (const node of nodes) {
      assert.ok(!node.input.some((name) => inOrder.includes(name) && !made.has(name)));
      for (const name of node.output) made.add(name);
    }
    assert.deepEqual(nodes.map(({ name }) => name).sort(), inOrder.sort());
  });

  it('takes tensors that are listed among the inputs, as old files do', () => {
    const bytes = changedModel((model) => {
      const { initializer, input } = graphOf(model);
      input.push({ ...input[0]!, name: initializer[0]!.name });
    });
    const { inputs } = readModel(bytes, DEFAULT_LIMITS);
    assert.deepEqual(
      inputs.map(({ name }) => name),
      ['input_ids', 'attention_mask', 'token_type_ids'],
    );
  });

  for (const [what, dataType, field, write, expected] of [
    ['floats', DataType.float, 4, (w: BinaryWriter) => w.float(1.5).float(-2), [1.5, -2]],
    ['int64', DataType.int64, 7, (w: BinaryWriter) => w.int64(-1n).int64(2n ** 40n), [-1, 2 ** 40]],
    ['int32', DataType.int32, 5, (w: BinaryWriter) => w.int32(-7).int32(300), [-7, 300]],
    ['int8', DataType.int8, 5, (w: BinaryWriter) => w.int32(-7).int32(127), [-7, 127]],
    [
      'halves',
      DataType.float16,
      5,
      (w: BinaryWriter) => w.int32(0x3c00).int32(0xc000),
      [0x3c00, 0xc000],
    ],
  ] as const) {
    it(`reads typed ${what} like raw bytes`, () => {
      const tensor = create(TensorSchema, { name: 'typed', dims: [2n], dataType });
      tensor.$unknown = [unknown(field, packed(write))];
      const bytes = changedModel((model) => {
        graphOf(model).initializer.push(tensor);
      });

      const { bytes: read } = readModel(bytes, DEFAULT_LIMITS).constants.get('typed')!;
      const view = new DataView(read.buffer, read.byteOffset, read.length);
      const numbers = [0, 1].map((i) => {
        if (dataType === DataType.float) return view.getFloat32(4 * i, true);
        if (dataType === DataType.int64) return Number(view.getBigInt64(8 * i, true));
        if (dataType === DataType.int32) return view.getInt32(4 * i, true);
        return dataType === DataType.int8 ? view.getInt8(i) : view.getUint16(2 * i, true);
      });
      assert.deepEqual(numbers, expected);
    });
  }
});

describe('writeModel', () => {
  it('gives back the bytes that were read', () => {
    const bytes = readFileSync(TINY);
    assert.equal(Buffer.compare(writeModel(readModel(bytes, DEFAULT_LIMITS)), bytes), 0);
  });

  it('keeps the fields that the schema does not know, in every message', () => {
    const bytes = changedModel((model) => {
      const graph = graphOf(model);
      for (const message of [
        model,
        graph,
        graph.node[0]!,
        graph.node[0]!.attribute[0]!,
        graph.input[0]!,
        graph.initializer[0]!,
      ]) {
        message.$unknown = [unknown(1234, new TextEncoder().encode(message.$typeName))];
      }
    });

    const written = fromBinary(ModelSchema, writeModel(readModel(bytes, DEFAULT_LIMITS)));

    assert.equal(
      Buffer.compare(
        toBinary(ModelSchema, written),
        toBinary(ModelSchema, fromBinary(ModelSchema, bytes)),
      ),
      0,
    );
    assert.equal(graphOf(written).initializer[0]!.$unknown?.[0]?.no, 1234);
  });

  it('writes what it adds so that it is read again', () => {
    const graph = readModel(readFileSync(TINY), DEFAULT_LIMITS);
    const name = graph.addConstant({
      name: 'embeddings.word',
      dims: [0],
      dataType: DataType.float,
      bytes: new Uint8Array(),
    });
    graph.nodes.push(newNode({ opType: 'Abs', input: [name], output: ['nobody reads it'] }));

    const again = readModel(writeModel(graph), DEFAULT_LIMITS);
    assert.equal(name, 'embeddings.word.1');
    assert.deepEqual(again.constants.get(name)?.dims, [0]);
    assert.equal(again.producer('nobody reads it')?.opType, 'Abs');
  });
});
