import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameAssembler } from '../../../src/runtime/frame-assembler.js';
import { decodeFrame, encodeFrame } from '../../../src/runtime/frame-codec.js';
import type { FromWorker, ToWorker } from '../../../src/runtime/protocol.js';

type Message = ToWorker | FromWorker;

const id = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });

const run: fc.Arbitrary<Message> = fc
  .record({
    id,
    variant: text,
    lengths: fc.int32Array({ maxLength: 20 }),
    tokens: fc.array(fc.record({ id: fc.integer(), caseType: fc.integer({ min: 0, max: 255 }) }), {
      maxLength: 300,
    }),
  })
  .map(({ id, variant, lengths, tokens }) => ({
    type: 'run',
    id,
    input: {
      variant,
      lengths,
      ids: Int32Array.from(tokens, (token) => token.id),
      caseTypes: Uint8Array.from(tokens, ({ caseType }) => caseType),
    },
  }));

const result: fc.Arbitrary<Message> = fc
  .record({ id, runMs: fc.double(), logits: fc.float32Array({ maxLength: 300 }) })
  .map(({ id, runMs, logits }) => ({ type: 'result', id, output: { logits, runMs } }));

const other: fc.Arbitrary<Message> = fc
  .oneof(
    fc.record({ type: fc.constant('run_failed' as const), id, detail: text }),
    fc.record({ type: fc.constant('up' as const), runtimeVersion: text }),
    fc.constant({ type: 'loaded' as const }),
    fc.constant({ type: 'exit' as const }),
    fc.array(text, { maxLength: 5 }).map((names) => ({
      type: 'load' as const,
      variants: names.map((name) => ({
        name,
        path: name,
        sha256: '',
        labelCount: 9,
        padId: 0,
        providers: ['cpu' as const],
        threads: 1,
      })),
    })),
  )
  // Of the prototype that JSON gives.
  .map((message) => ({ ...message }));

const messages = fc.array(fc.oneof(run, result, other), { minLength: 1, maxLength: 6 });

test('messages come out as they went in, wherever the stream of their frames is cut', () => {
  fc.assert(
    fc.property(
      messages,
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
      (sent, sizes) => {
        const stream = Buffer.concat(sent.map(encodeFrame));
        const assembler = new FrameAssembler();
        const received: Message[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const end = at + sizes[cut % sizes.length]!;
          received.push(...assembler.push(stream.subarray(at, end)).map(decodeFrame));
          at = end;
        }
        assert.deepEqual(received, sent);
      },
    ),
  );
});

test('two pieces of a stream are enough, at any byte', () => {
  fc.assert(
    fc.property(fc.oneof(run, result, other), fc.oneof(run, result, other), (first, second) => {
      const stream = Buffer.concat([encodeFrame(first), encodeFrame(second)]);
      for (let at = 0; at <= stream.length; at += 1) {
        const assembler = new FrameAssembler();
        const frames = [stream.subarray(0, at), stream.subarray(at)].flatMap((piece) =>
          assembler.push(piece),
        );
        assert.deepEqual(frames.map(decodeFrame), [first, second]);
      }
    }),
    { numRuns: 20 },
  );
});

test('a frame with any of its bytes changed is decoded or refused, and reads nothing beyond itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(run, result, other),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      (message, place, value) => {
        const frame = encodeFrame(message);
        frame[place % frame.length] = value;
        try {
          const decoded = decodeFrame(frame);
          if (decoded.type === 'run') assert.ok(decoded.input.ids.byteLength <= frame.length);
          if (decoded.type === 'result')
            assert.ok(decoded.output.logits.byteLength <= frame.length);
        } catch (error) {
          // Text that was hit is no JSON, or names no type.
          assert.ok(error instanceof RangeError || error instanceof SyntaxError, String(error));
        }
      },
    ),
  );
});
