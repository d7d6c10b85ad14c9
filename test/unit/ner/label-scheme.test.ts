import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode } from '../../../src/ner/decode.js';
import { entityType, labelScheme, type Tagging } from '../../../src/ner/label-scheme.js';

/** Spans, as `TYPE first-last` words, where each word's label is the surest by far. */
function spansOf(names: readonly string[], labels: readonly string[], tagging?: Tagging): string[] {
  const logits = Float32Array.from(
    names.flatMap((name) => labels.map((label) => (label === name ? 9 : 0))),
  );
  const each = <T>(of: (word: number) => T): T[] => names.map((_, word) => of(word));
  const encoded = {
    text: 'w '.repeat(names.length),
    ids: Int32Array.from(each(() => 7)),
    starts: Int32Array.from(each((word) => 2 * word)),
    ends: Int32Array.from(each((word) => 2 * word + 1)),
    preTokens: Int32Array.from(each((word) => word)),
    caseTypes: new Uint8Array(names.length),
    subwords: new Uint8Array(names.length),
  };
  return decode(encoded, logits, { labels, aggregation: 'viterbi', tagging }).map(
    ({ label, start, end }) => `${label} ${start / 2}-${(end - 1) / 2}`,
  );
}

const BIO = ['B-PER', 'I-PER', 'O'];
const BIOES = ['O', 'S-PER', 'B-PER', 'I-PER', 'E-PER', 'S-LOC'];

describe('labelScheme', () => {
  it('reads BIO labels in any order, with O anywhere', () => {
    assert.deepEqual(spansOf(['B-PER', 'I-PER', 'B-PER', 'O'], BIO), ['PER 0-1', 'PER 2-2']);
  });

  it('takes B_PER as B-PER', () => {
    assert.deepEqual(spansOf(['B_PER', 'I_PER', 'O'], ['O', 'B_PER', 'I_PER']), ['PER 0-1']);
  });

  it('begins a span with I- where the model was trained so, or there is no B-', () => {
    assert.deepEqual(spansOf(['O', 'I-PER', 'I-PER', 'B-PER'], BIO, 'iob1'), [
      'PER 1-2',
      'PER 3-3',
    ]);
    assert.deepEqual(spansOf(['O', 'I-LOC', 'B-PER'], [...BIO, 'I-LOC']), ['LOC 1-1', 'PER 2-2']);
  });

  it('knows where spans of BIOES labels end', () => {
    assert.deepEqual(spansOf(['S-PER', 'S-PER', 'B-PER', 'I-PER', 'E-PER', 'S-LOC', 'O'], BIOES), [
      'PER 0-0',
      'PER 1-1',
      'PER 2-4',
      'LOC 5-5',
    ]);
  });

  it('closes what a model leaves open at the end of a text', () => {
    assert.deepEqual(spansOf(['B-PER', 'I-PER'], BIOES), ['PER 0-1']);
    assert.equal(spansOf(['O', 'B-PER'], BIOES).length, 0);
  });

  it('reads BILOU and BMES labels', () => {
    const bilou = ['U-X', 'L-X', 'I-X', 'B-X', 'O'];
    assert.deepEqual(spansOf(['B-X', 'L-X', 'U-X', 'O'], bilou), ['X 0-1', 'X 2-2']);
    const bmes = ['O', 'B-X', 'M-X', 'E-X', 'S-X'];
    assert.deepEqual(spansOf(['B-X', 'M-X', 'E-X', 'S-X'], bmes), ['X 0-2', 'X 3-3']);
  });

  it('takes E-, S- and the like for a part of the name where spans have no ends', () => {
    const bare = ['O', 'E-MAIL', 'S-BAHN', 'PER'];
    assert.deepEqual(spansOf(['E-MAIL', 'E-MAIL', 'PER', 'S-BAHN'], bare), [
      'E-MAIL 0-1',
      'PER 2-2',
      'S-BAHN 3-3',
    ]);
  });

  it('answers something where no path is legal', () => {
    assert.deepEqual(spansOf(['B-X'], ['B-X', 'I-X', 'E-X']), ['X 0-0']);
  });

  it('names the entity type of a label', () => {
    assert.equal(entityType('E-PER', BIOES), 'PER');
    assert.equal(entityType('E-MAIL', ['O', 'E-MAIL']), 'E-MAIL');
    assert.equal(entityType('other', BIOES), 'other');
    assert.equal(labelScheme(BIOES), labelScheme(BIOES));
  });
});
