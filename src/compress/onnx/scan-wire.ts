import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ModelError } from '../compress-error.js';
import type { ModelLimits } from './model-limits.js';
import { ModelSchema } from './onnx-schema.js';

/**
 * Walks over the bytes of a model before anything is made of them. The protobuf library is lenient, as protobuf is: it
 * takes fields of a wrong wire type and messages that end beyond the one that they are in. Here both are refused, and
 * what would become an object is counted. Throws ModelError `not_onnx` or `too_large`.
 */
export function scanWire(bytes: Uint8Array, limits: ModelLimits): void {
  const reader = new BinaryReader(bytes);
  const scan = new WireScan(reader, limits.maxItems);
  try {
    scan.message(ModelSchema, bytes.length);
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw notOnnx(`it ends or breaks off at byte ${reader.pos} of ${bytes.length}`, error);
  }
}

export function notOnnx(reason: string, cause?: unknown): ModelError {
  return new ModelError(
    'not_onnx',
    `This is no ONNX model, or a damaged one: ${reason}. Expected the bytes of a model.onnx.`,
    { cause },
  );
}

type FieldsByNumber = ReadonlyMap<number, DescField>;
const fieldsOf = new WeakMap<DescMessage, FieldsByNumber>();

function byNumber(message: DescMessage): FieldsByNumber {
  let fields = fieldsOf.get(message);
  if (fields === undefined) {
    fields = new Map(message.fields.map((field) => [field.number, field]));
    fieldsOf.set(message, fields);
  }
  return fields;
}

class WireScan {
  #items = 0;

  constructor(
    readonly reader: BinaryReader,
    readonly maxItems: number,
  ) {}

  message(schema: DescMessage, end: number): void {
    const { reader } = this;
    const fields = byNumber(schema);
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      this.#count(1);
      const field = fields.get(number);
      if (wireType === WireType.StartGroup || wireType === WireType.EndGroup) {
        throw notOnnx(`${schema.name} holds a group, which ONNX does not use`);
      }
      if (field === undefined) reader.skip(wireType, number);
      else if (wireType === WireType.LengthDelimited) this.#delimited(field, end);
      else this.#number(field, wireType);
    }
    if (reader.pos !== end) throw notOnnx(`a ${schema.name} ends within one of its fields`);
  }

  #delimited(field: DescField, end: number): void {
    const { reader } = this;
    const length = reader.uint32();
    const fieldEnd = reader.pos + length;
    if (fieldEnd > end) throw notOnnx(`${nameOf(field)} is longer than what holds it`);
    if (field.message !== undefined) {
      this.message(field.message, fieldEnd);
      return;
    }
    const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
    if (!isText) {
      if (field.fieldKind !== 'list') throw notOnnx(`${nameOf(field)} is no number`);
      // Packed numbers: at most one a byte.
      this.#count(length);
      while (reader.pos < fieldEnd) reader.skip(wireTypeOf(field), field.number);
      if (reader.pos !== fieldEnd) throw notOnnx(`${nameOf(field)} ends within a number`);
    }
    reader.pos = fieldEnd;
  }

  #number(field: DescField, wireType: WireType): void {
    if (wireType !== wireTypeOf(field)) throw notOnnx(`${nameOf(field)} has another type`);
    this.reader.skip(wireType, field.number);
  }

  #count(items: number): void {
    this.#items += items;
    if (this.#items > this.maxItems) {
      throw new ModelError(
        'too_large',
        `The model has more than ${this.maxItems} parts beside its weights; raise maxItems if that is meant.`,
      );
    }
  }
}

function nameOf(field: DescField): string {
  return `${field.parent.name}.${field.name}`;
}

function wireTypeOf(field: DescField): WireType {
  switch (field.scalar) {
    case ScalarType.INT32:
    case ScalarType.INT64:
      return WireType.Varint;
    case ScalarType.FLOAT:
      return WireType.Bit32;
    default:
      return WireType.LengthDelimited;
  }
}
