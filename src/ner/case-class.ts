/** How an uncased model is told about capitals: 0 lower or other, 1 Initial, 2 ALL CAPS, 3 mixed, 4 has a digit. */
export type CaseClass = 0 | 1 | 2 | 3 | 4;

const DIGIT = /\p{Nd}/u;
const UPPER = /[\p{Lu}\p{Lt}]/u;
const LOWER = /\p{Ll}/u;

/** Case class of a whole pre-token, `text.slice(start, end)` before any normalization. */
export function caseClass(text: string, start = 0, end = text.length): CaseClass {
  let upper = 0;
  let lower = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return unicodeCaseClass(text.slice(start, end));
    if (code >= 48 && code <= 57) return 4;
    if (code >= 65 && code <= 90) upper++;
    else if (code >= 97 && code <= 122) lower++;
  }
  if (upper === 0) return 0;
  if (lower === 0 && upper >= 2) return 2;
  const first = text.charCodeAt(start);
  return upper === 1 && first >= 65 && first <= 90 ? 1 : 3;
}

/** Whole-slice searches, because a pre-token may be as long as the largest text. */
function unicodeCaseClass(slice: string): CaseClass {
  if (DIGIT.test(slice)) return 4;
  const firstUpper = slice.search(UPPER);
  if (firstUpper < 0) return 0;
  const rest = slice.slice(firstUpper + (slice.codePointAt(firstUpper)! > 0xffff ? 2 : 1));
  const several = UPPER.test(rest);
  if (several && !LOWER.test(slice)) return 2;
  return !several && firstUpper === 0 ? 1 : 3;
}
