import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ModelError, quoted } from '../compress-error.js';
import { bytesPerElement, DataType } from './data-type.js';
import type { ModelLimits } from './model-limits.js';
import { TENSOR_FIELDS, type TensorMessage } from './onnx-schema.js';

/** The typed field that holds a type's numbers where there are no raw bytes. */
const TYPED_FIELD: Readonly<Record<number, number>> = {
  [DataType.float]: TENSOR_FIELDS.floatData,
  [DataType.uint8]: TENSOR_FIELDS.int32Data,
  [DataType.int8]: TENSOR_FIELDS.int32Data,
  [DataType.uint16]: TENSOR_FIELDS.int32Data,
  [DataType.int16]: TENSOR_FIELDS.int32Data,
  [DataType.int32]: TENSOR_FIELDS.int32Data,
  [DataType.int64]: TENSOR_FIELDS.int64Data,
  [DataType.bool]: TENSOR_FIELDS.int32Data,
  [DataType.float16]: TENSOR_FIELDS.int32Data,
  [DataType.double]: TENSOR_FIELDS.doubleData,
  [DataType.uint32]: TENSOR_FIELDS.uint64Data,
  [DataType.uint64]: TENSOR_FIELDS.uint64Data,
  [DataType.bfloat16]: TENSOR_FIELDS.int32Data,
};
const TYPED_FIELDS = new Set(Object.values(TYPED_FIELD));

export interface TensorBytes {
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Little-endian; a view of the file where it holds the tensor so. */
  readonly bytes: Uint8Array;
}

/** The bytes of a tensor, if its type, its shape and its data fit each other. Throws ModelError. */
export function tensorBytes(tensor: TensorMessage, limits: ModelLimits): TensorBytes {
  const { dataType } = tensor;
  const size = bytesPerElement(dataType);
  if (tensor.dataLocation !== 0 || tensor.externalData.length > 0) {
    throw new ModelError(
      'external_data',
      `The tensor ${quoted(tensor.name)} lies in another file; save the model with all weights inside.`,
    );
  }
  if (size === undefined) {
    throw new ModelError(
      'unsupported',
      `The tensor ${quoted(tensor.name)} has the data type ${dataType}, which is not taken.`,
    );
  }
  const dims = dimsOf(tensor, limits);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (count * Math.max(size, 4) > limits.maxTensorBytes) {
    throw new ModelError(
      'too_large',
      `The tensor ${quoted(tensor.name)} has more than ${limits.maxTensorBytes} bytes; raise maxTensorBytes if that is meant.`,
    );
  }
  const bytes = dataOf(tensor, count, size);
  if (bytes.length !== count * size) {
    throw badTensor(
      tensor,
      `${bytes.length} bytes for [${dims.join(', ')}] of ${size} bytes each, expected ${count * size}`,
    );
  }
  return { dims, dataType, bytes };
}

/** True of the unknown fields that hold a tensor's numbers. */
export function isTypedData(field: { readonly no: number }): boolean {
  return TYPED_FIELDS.has(field.no) || field.no === TENSOR_FIELDS.stringData;
}

function badTensor(tensor: TensorMessage, reason: string): ModelError {
  return new ModelError(
    'bad_tensor',
    `The tensor ${quoted(tensor.name)} does not add up: ${reason}.`,
  );
}

function dimsOf(tensor: TensorMessage, { maxTensorRank }: ModelLimits): number[] {
  if (tensor.dims.length > maxTensorRank) {
    throw new ModelError(
      'too_large',
      `The tensor ${quoted(tensor.name)} has ${tensor.dims.length} dimensions, at most ${maxTensorRank} are taken.`,
    );
  }
  return tensor.dims.map((dim) => {
    if (dim < 0n || dim > 0x7fffffffn) throw badTensor(tensor, `a dimension of ${dim.toString()}`);
    return Number(dim);
  });
}

function dataOf(tensor: TensorMessage, count: number, size: number): Uint8Array {
  const unknown = tensor.$unknown ?? [];
  if (unknown.some(({ no }) => no === TENSOR_FIELDS.segment)) {
    throw badTensor(tensor, 'it is a segment of another');
  }
  const typed = unknown.filter(isTypedData);
  if (typed.length === 0) return tensor.rawData;
  const expected = TYPED_FIELD[tensor.dataType];
  if (tensor.rawData.length > 0 || typed.some(({ no }) => no !== expected)) {
    throw badTensor(tensor, 'its numbers are stored twice, or as those of another type');
  }
  // Each number takes a byte at least, so this is checked before room is made for them.
  const stored = typed.reduce((total, { data }) => total + data.length, 0);
  if (stored < count) throw badTensor(tensor, `${stored} bytes for ${count} numbers`);
  return new TypedNumbers(tensor, count * size).read(typed);
}

interface UnknownField {
  readonly wireType: WireType;
  readonly data: Uint8Array;
}

/** Turns the packed or single numbers of a tensor's typed field into bytes. */
class TypedNumbers {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tensor: TensorMessage;
  readonly #size: number;
  #at = 0;

  constructor(tensor: TensorMessage, length: number) {
    this.#tensor = tensor;
    this.#size = bytesPerElement(tensor.dataType)!;
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  read(fields: readonly UnknownField[]): Uint8Array {
    const { dataType } = this.#tensor;
    const fixed =
      dataType === DataType.float
        ? WireType.Bit32
        : dataType === DataType.double
          ? WireType.Bit64
          : undefined;
    for (const { wireType, data } of fields) {
      const packed = wireType === WireType.LengthDelimited;
      if (!packed && wireType !== (fixed ?? WireType.Varint))
        this.#fail('a number of another type');
      // Of a packed field the data begins with its length, of a single number it is the number.
      const values = packed ? new BinaryReader(data).bytes() : data;
      if (fixed === undefined) this.#varints(values);
      else this.#copy(values);
    }
    if (this.#at !== this.#bytes.length) this.#fail('fewer numbers than its shape has');
    return this.#bytes;
  }

  #copy(values: Uint8Array): void {
    if (values.length % this.#size !== 0 || this.#at + values.length > this.#bytes.length) {
      this.#fail('more or fewer numbers than its shape has');
    }
    this.#bytes.set(values, this.#at);
    this.#at += values.length;
  }

  #varints(values: Uint8Array): void {
    const reader = new BinaryReader(values);
    const view = this.#view;
    while (reader.pos < values.length) {
      if (this.#at + this.#size > this.#bytes.length) this.#fail('more numbers than its shape has');
      const at = this.#at;
      let number;
      try {
        number = BigInt(reader.int64());
      } catch {
        this.#fail('a number that breaks off');
      }
      if (this.#size === 8) view.setBigInt64(at, number, true);
      else if (this.#size === 4) view.setInt32(at, Number(BigInt.asIntN(32, number)), true);
      else if (this.#size === 2) view.setInt16(at, Number(BigInt.asIntN(16, number)), true);
      else view.setInt8(at, Number(BigInt.asIntN(8, number)));
      this.#at += this.#size;
    }
  }

  #fail(reason: string): never {
    throw badTensor(this.#tensor, reason);
  }
}
