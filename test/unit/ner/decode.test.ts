import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { decode } from '../../../src/ner/decode.js';
import type { EncodedText } from '../../../src/ner/encoded-text.js';
import { codePointsToUtf16 } from '../../../src/ner/offset-units.js';
import { AGGREGATIONS, type Aggregation, type Span } from '../../../src/ner/span.js';
import { TextTokenizer } from '../../../src/ner/tokenizer.js';

/** Answers of the Python side: its own viterbi, and transformers' pipeline for the others. Offsets in code points. */
interface DecodingFile {
  labels: string[];
  cases: {
    text: string;
    tokens: { id: number }[];
    temperature: number;
    logits: number[][];
    spans: Record<Aggregation, Span[]>;
  }[];
}

const { labels, cases } = JSON.parse(
  readFileSync('test/fixtures/decoding-cases.json', 'utf8'),
) as DecodingFile;
const tokenizer = TextTokenizer.fromFile('models/tokenizer/tokenizer.json');

/** One token a word; `continued` words belong to the pre-token before them. */
function encodedWords(text: string, continued: readonly number[] = []): EncodedText {
  const words = [...text.matchAll(/[^ ]+/g)];
  let preToken = -1;
  return {
    text,
    ids: Int32Array.from(words, () => 7),
    starts: Int32Array.from(words, (word) => word.index),
    ends: Int32Array.from(words, (word) => word.index + word[0].length),
    preTokens: Int32Array.from(words, (_, index) =>
      continued.includes(index) ? preToken : ++preToken,
    ),
    caseTypes: new Uint8Array(words.length),
    subwords: Uint8Array.from(words, (_, index) => (continued.includes(index) ? 1 : 0)),
  };
}

/** Rows in which the named label is the surest by far. */
function sure(names: readonly string[], scheme: readonly string[] = labels): Float32Array {
  return Float32Array.from(
    names.flatMap((name) => scheme.map((label) => (label === name ? 30 : 0))),
  );
}

describe('decode', () => {
  for (const aggregation of AGGREGATIONS) {
    test(`gives the spans of the Python side for ${aggregation} on every shared case`, async () => {
      assert.ok(cases.length >= 50);
      for (const { text, tokens, logits, spans, temperature } of cases) {
        const encoded = await tokenizer.encode(text);
        assert.deepEqual(
          [...encoded.ids],
          tokens.map((token) => token.id),
        );

        const got = decode(encoded, Float32Array.from(logits.flat()), {
          labels,
          aggregation,
          temperature,
        });

        const wanted = spans[aggregation];
        const ranges = codePointsToUtf16(text, wanted);
        const about = `${aggregation} of ${JSON.stringify(text)}`;
        assert.deepEqual(
          got.map(({ label, start, end }) => ({ label, start, end })),
          wanted.map(({ label }, index) => ({ label, ...ranges[index] })),
          about,
        );
        got.forEach((span, index) => {
          assert.ok(Math.abs(span.score - wanted[index]!.score) < 2e-6, `score in ${about}`);
        });
      }
    });
  }

  test('gives nothing for a text of no token', () => {
    for (const aggregation of AGGREGATIONS) {
      assert.deepEqual(decode(encodedWords(' '), new Float32Array(), { labels, aggregation }), []);
    }
  });

  test('viterbi prefers a legal path to the best label of each word', () => {
    const logits = sure(['O', 'I-PER']);
    logits[1 * 9 + labels.indexOf('B-PER')] = 29;

    const [span] = decode(encodedWords('saw Ann'), logits, { labels, aggregation: 'viterbi' });

    assert.deepEqual([span?.label, span?.start, span?.end], ['PER', 4, 7]);
    assert.ok(span!.score > 0.26 && span!.score < 0.28);
  });

  test('a temperature changes the scores of viterbi as softmax(logits / T) does, and nothing else', () => {
    const encoded = encodedWords('Ann Lee');
    const logits = sure(['B-PER', 'I-PER']).map((value) => value / 10);
    const at = (aggregation: Aggregation, temperature: number): Span[] =>
      decode(encoded, logits, { labels, aggregation, temperature });

    for (const temperature of [0.5, 1, 2, 7]) {
      const [span, ...others] = at('viterbi', temperature);

      const weight = Math.exp(3 / temperature);
      assert.ok(Math.abs(span!.score - weight / (weight + 8)) < 1e-9);
      assert.deepEqual([span!.label, span!.start, span!.end, others], ['PER', 0, 7, []]);
      for (const aggregation of AGGREGATIONS.filter((name) => name !== 'viterbi')) {
        assert.deepEqual(at(aggregation, temperature), at(aggregation, 1));
      }
    }
    assert.deepEqual(at('viterbi', 1), decode(encoded, logits, { labels, aggregation: 'viterbi' }));
  });

  test('viterbi reads the first token of a pre-token only, and covers all of it', () => {
    const encoded = encodedWords('Mer kel', [1]);

    const spans = decode(encoded, sure(['B-PER', 'O']), { labels, aggregation: 'viterbi' });

    assert.deepEqual(
      spans.map(({ start, end }) => [start, end]),
      [[0, 7]],
    );
  });

  test('viterbi extends a span over the combining marks that the normalizer stripped', async () => {
    const text = 'Cafe\u0301\u0323 \u{1d167}x';
    const encoded = await tokenizer.encode(text);
    const names = Array.from(encoded.ids, (_, index) => (index === 0 ? 'B-LOC' : 'O'));

    const spans = decode(encoded, sure(names), { labels, aggregation: 'viterbi' });

    assert.deepEqual(
      spans.map(({ start, end }) => text.slice(start, end)),
      ['Cafe\u0301\u0323'],
    );
  });

  test('reads labels without B- and I- as continuing their own kind', () => {
    const plain = ['O', 'PER', 'LOC'];
    const logits = sure(['PER', 'PER', 'LOC', 'O', 'LOC'], plain);

    for (const aggregation of ['viterbi', 'simple'] as const) {
      const spans = decode(encodedWords('Ann Lee Rome is Rome'), logits, {
        labels: plain,
        aggregation,
      });
      assert.deepEqual(
        spans.map(({ label, start, end }) => [label, start, end]),
        [
          ['PER', 0, 7],
          ['LOC', 8, 12],
          ['LOC', 16, 20],
        ],
      );
    }
  });

  test('says that it is a bug when logits and tokens differ in number', () => {
    assert.throws(
      () => decode(encodedWords('a b'), new Float32Array(9), { labels, aggregation: 'none' }),
      /this is a bug/,
    );
  });
});
