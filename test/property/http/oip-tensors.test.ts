import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../../../src/errors.js';
import { decodeTexts, encodeTexts, splitBody } from '../../../src/http/oip-tensors.js';

const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), {
  minLength: 1,
  maxLength: 8,
});
const isRefusal = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'invalid_request';

describe('binary tensors', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(texts, fc.string({ maxLength: 50 }), (list, json) => {
        const head = Buffer.from(json);
        const body = Buffer.concat([head, encodeTexts(list)]);

        const parts = splitBody(body, String(head.length));

        assert.equal(parts.json.toString(), head.toString());
        assert.deepEqual(decodeTexts(parts.binary, list.length), list);
      }),
    );
  });

  it('are refused wherever they are cut off', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (list, at) => {
        const bytes = encodeTexts(list);
        const cut = bytes.subarray(0, at % bytes.length);

        assert.throws(() => decodeTexts(cut, list.length), isRefusal);
      }),
    );
  });

  it('are refused with another number of elements than the shape has', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 20 }), (list, count) => {
        fc.pre(count !== list.length);

        assert.throws(() => decodeTexts(encodeTexts(list), count), isRefusal);
      }),
    );
  });

  it('are refused or are texts, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 4 }), (bytes, count) => {
        try {
          assert.equal(decodeTexts(Buffer.from(bytes), count).length, count);
        } catch (error) {
          assert.ok(isRefusal(error), String(error));
        }
      }),
    );
  });

  it('are refused where they are no UTF-8', () => {
    assert.throws(() => decodeTexts(Buffer.from([1, 0, 0, 0, 0xff]), 1), isRefusal);
  });

  it('are refused where an element claims four gigabytes', () => {
    assert.throws(() => decodeTexts(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x41]), 1), isRefusal);
  });
});

describe('the length of the JSON', () => {
  const body = Buffer.from('{}abc');

  it('is all of the body where nothing says it', () => {
    const { json, binary } = splitBody(body, undefined);

    assert.deepEqual([json.toString(), binary.length], ['{}abc', 0]);
  });

  for (const length of ['6', '999999999999999', '9'.repeat(400), '-1', '2.5', '0x2', '', 'two']) {
    it(`is refused as "${length.slice(0, 20)}"`, () => {
      assert.throws(() => splitBody(body, length), isRefusal);
    });
  }
});
