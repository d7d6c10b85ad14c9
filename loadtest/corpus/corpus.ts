import { readFileSync } from 'node:fs';

export type EntityLabel = 'PER' | 'ORG' | 'LOC' | 'MISC';

/** An entity of a sentence; start and end are code points, the end exclusive. */
export interface CorpusEntity {
  label: EntityLabel;
  start: number;
  end: number;
}

export interface CorpusSentence {
  text: string;
  entities: CorpusEntity[];
}

export const corpusPath = 'loadtest/corpus/sentences.jsonl';

const labels: readonly string[] = ['PER', 'ORG', 'LOC', 'MISC'] satisfies EntityLabel[];

/** Reads and validates a JSONL corpus; throws with the line number of the first wrong line. */
export function loadCorpus(path: string = corpusPath): CorpusSentence[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line, index) => parseSentence(line, `${path}:${index + 1}`));
}

/** One line of the corpus; `where` begins the message of every error. */
export function parseSentence(line: string, where: string): CorpusSentence {
  const { text, entities } = JSON.parse(line) as Partial<CorpusSentence>;
  if (typeof text !== 'string' || !Array.isArray(entities)) {
    throw new Error(`${where}: expected {"text": ..., "entities": [...]}`);
  }
  const length = Array.from(text).length;
  let previousEnd = 0;
  for (const { label, start, end } of entities) {
    if (!labels.includes(label)) throw new Error(`${where}: unknown label ${label}`);
    if (!(Number.isInteger(start) && Number.isInteger(end) && start < end && end <= length)) {
      throw new Error(`${where}: entity ${start}-${end} does not lie in the text`);
    }
    if (start < previousEnd) throw new Error(`${where}: entities overlap or are not in order`);
    previousEnd = end;
  }
  return { text, entities };
}

/** The tokens as BERT's pre-tokenizer cuts them: runs of letters and digits, and single signs. */
export function wordTokens(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu) ?? [];
}
