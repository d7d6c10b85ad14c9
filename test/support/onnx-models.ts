/** Models for the tests of the compressor: as files, changed in a field, and run by onnxruntime in this process. */

import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelSchema, type ModelMessage } from '../../src/compress/onnx/onnx-schema.js';

export const TINY = 'test/fixtures/models/tiny/model.onnx';

/** The fixture's two layers, or another file, after `change` has had the message of it. */
export function changedModel(change: (model: ModelMessage) => void, file = TINY): Uint8Array {
  const model = fromBinary(ModelSchema, readFileSync(file));
  change(model);
  return toBinary(ModelSchema, model);
}

export type Inputs = Readonly<Record<string, readonly (readonly number[])[]>>;

export class TestModel implements AsyncDisposable {
  private constructor(private readonly session: InferenceSession) {}

  /** Rejects where onnxruntime refuses the model. */
  static async open(bytes: Uint8Array): Promise<TestModel> {
    return new TestModel(
      await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 }),
    );
  }

  /** Inputs that the model does not have are left out; an output named `logits` is returned. */
  async logits(inputs: Inputs): Promise<Float32Array> {
    const { logits } = await this.session.run(
      Object.fromEntries(
        Object.entries(inputs)
          .filter(([name]) => this.session.inputNames.includes(name))
          .map(([name, rows]) => [
            name,
            new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [
              rows.length,
              rows[0]!.length,
            ]),
          ]),
      ),
    );
    if (logits?.type !== 'float32') throw new TypeError('the model has no logits of float32');
    return logits.data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.release();
  }
}

export async function logitsOf(bytes: Uint8Array, inputs: Inputs): Promise<Float32Array> {
  await using model = await TestModel.open(bytes);
  return await model.logits(inputs);
}

/** The largest difference between two answers, over the tokens that a mask [texts, tokens] has. */
export function largestDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  mask?: readonly (readonly number[])[],
): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  const tokens = mask?.flat() ?? [1];
  const labels = a.length / tokens.length;
  let largest = 0;
  for (let i = 0; i < a.length; i += 1) {
    if (tokens[Math.floor(i / labels)] === 0) continue;
    const difference = Math.abs(a[i]! - b[i]!);
    // NaN is no small difference.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
