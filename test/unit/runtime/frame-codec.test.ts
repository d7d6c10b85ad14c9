import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameAssembler } from '../../../src/runtime/frame-assembler.js';
import { decodeFrame, encodeFrame } from '../../../src/runtime/frame-codec.js';

const result = {
  type: 'result',
  id: 7,
  output: { logits: Float32Array.of(0.5, -0, Infinity), runMs: 1.25 },
} as const;

describe('decodeFrame', () => {
  it('gives views of an aligned frame and copies of another', () => {
    const frame = encodeFrame(result);
    const shifted = new Uint8Array(frame.length + 1);
    shifted.set(frame, 1);

    const aligned = decodeFrame(frame) as typeof result;
    const misaligned = decodeFrame(shifted.subarray(1)) as typeof result;

    assert.deepEqual(aligned, result);
    assert.deepEqual(misaligned, result);
    assert.equal(aligned.output.logits.buffer, frame.buffer);
    assert.notEqual(misaligned.output.logits.buffer, shifted.buffer);
  });

  it('refuses a kind that there is none of', () => {
    const frame = encodeFrame(result);
    new Uint32Array(frame.buffer)[1] = 9;
    assert.throws(() => decodeFrame(frame), /cannot be of kind 9/);
  });

  it('refuses counts that the frame has no room for', () => {
    const frame = encodeFrame(result);
    new Uint32Array(frame.buffer)[3] = 4;
    assert.throws(() => decodeFrame(frame), /a frame of 36 bytes cannot hold 40/);
  });

  it('refuses a frame that is shorter than its kind asks for', () => {
    for (const kind of [1, 2]) {
      const frame = new Uint8Array(Uint32Array.of(12, kind, 0).buffer);
      assert.throws(() => decodeFrame(frame), /a frame of 12 bytes cannot hold 24/);
    }
  });
});

describe('FrameAssembler', () => {
  it('copies nothing of a frame that lies within one chunk', () => {
    const frame = encodeFrame(result);
    assert.equal(new FrameAssembler().push(frame)[0]!.buffer, frame.buffer);
  });

  for (const bytes of [0, 8, 13, 2 ** 31]) {
    it(`refuses a size of ${bytes} bytes, in one piece or two`, () => {
      const head = new Uint8Array(Uint32Array.of(bytes, 0, 0).buffer);
      const two = new FrameAssembler();
      two.push(head.subarray(0, 2));
      assert.throws(() => new FrameAssembler().push(head), /a frame cannot have/);
      assert.throws(() => two.push(head.subarray(2)), /a frame cannot have/);
    });
  }
});
