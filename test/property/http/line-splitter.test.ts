import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from '../../../src/http/line-splitter.js';

const MAX_BYTES = 12;

function linesOf(chunks: readonly Buffer[]): string[] {
  const splitter = new LineSplitter(MAX_BYTES);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)].map(String));
  return [...lines, ...[...splitter.end()].map(String)];
}

/** A text cut anywhere, also within characters. */
const cutText = fc
  .tuple(
    fc.array(fc.constantFrom('\n', 'a', '"é"', '🙂', '\r\n', 'aaaaaaaaaaaaa', ' '), {
      maxLength: 40,
    }),
    fc.array(fc.nat({ max: 200 }), { maxLength: 12 }),
  )
  .map(([parts, cuts]) => {
    const bytes = Buffer.from(parts.join(''));
    const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b)];
    return {
      text: bytes.toString(),
      chunks: [...at, bytes.length].slice(1).map((end, index) => bytes.subarray(at[index], end)),
    };
  });

describe('LineSplitter', () => {
  it('gives the lines of the text, wherever it was cut, and tells those that are too long', () => {
    fc.assert(
      fc.property(cutText, ({ text, chunks }) => {
        const lines = text.split('\n');
        if (lines.at(-1) === '') lines.pop();
        const expected = lines.map((line) =>
          Buffer.byteLength(line) > MAX_BYTES ? 'too_long' : line,
        );

        assert.deepEqual(linesOf(chunks), expected);
      }),
    );
  });

  it('goes on after a line of any length without holding it', () => {
    const splitter = new LineSplitter(MAX_BYTES);
    const chunk = Buffer.alloc(65_536, 'a');
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 2_000; count += 1) {
      assert.deepEqual([...splitter.push(chunk)], []);
    }

    assert.ok(process.memoryUsage().arrayBuffers - before < 10 * chunk.length);
    assert.deepEqual([...splitter.push(Buffer.from('\nb\n'))].map(String), ['too_long', 'b']);
    assert.deepEqual([...splitter.end()], []);
  });
});
