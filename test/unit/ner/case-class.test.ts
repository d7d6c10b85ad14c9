import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseClass } from '../../../src/ner/case-class.js';

const EXAMPLES: [string, number][] = [
  ['', 0],
  ['london', 0],
  ['--', 0],
  ['\u6f22', 0],
  ['London', 1],
  ['L', 1],
  ['\u00c4rger', 1],
  ['\u01c5', 1],
  ['BBC', 2],
  ['\u00c4\u00d6', 2],
  ['\u{10400}\u{10401}', 2],
  ['McDonald', 3],
  ['iPhone', 3],
  ['xL\u00e9', 3],
  ['\u{10400}x\u{10400}', 3],
  ['A1', 4],
  ['\u0661\u0662', 4],
  ['\u00e92', 4],
];

for (const [word, wanted] of EXAMPLES) {
  test(`caseClass of ${JSON.stringify(word)} is ${wanted}`, () => {
    assert.equal(caseClass(word), wanted);
    assert.equal(caseClass(`Q${word}Q`, 1, 1 + word.length), wanted);
  });
}
