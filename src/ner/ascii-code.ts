/** The whitespace at which BERT splits; the other control characters are dropped and split nothing. */
export function isAsciiWhitespace(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || code === 13;
}

/** Every printable ASCII character that is no letter, digit or space; BERT makes each a pre-token. */
export function isAsciiPunctuation(code: number): boolean {
  return (
    (code >= 33 && code <= 47) ||
    (code >= 58 && code <= 64) ||
    (code >= 91 && code <= 96) ||
    (code >= 123 && code <= 126)
  );
}
