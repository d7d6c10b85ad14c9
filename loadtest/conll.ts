import { readFileSync } from 'node:fs';
import { parseSentence, type CorpusEntity, type CorpusSentence } from './corpus/corpus.js';

/**
 * The sentences of a CoNLL-2003 column file as served F1 is measured on them: tokens joined by one space, and gold entities
 * in code points. Tags are IOB1 or BIO; throws with the line of any other.
 */
export function readConll(path: string): CorpusSentence[] {
  const sentences: CorpusSentence[] = [];
  let current = new Sentence();
  const finish = (): void => {
    if (!current.isEmpty) sentences.push(parseSentence(current.toJson(), path));
    current = new Sentence();
  };
  readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .forEach((line, index) => {
      const columns = line.split(/[ \t]+/).filter((column) => column !== '');
      if (columns.length === 0 || columns[0] === '-DOCSTART-') finish();
      else current.add(columns[0]!, columns.at(-1)!, `${path}:${index + 1}`);
    });
  finish();
  if (sentences.length === 0) throw new Error(`${path} has no sentences`);
  return sentences;
}

class Sentence {
  readonly #tokens: string[] = [];
  readonly #entities: CorpusEntity[] = [];
  #length = 0;
  /** Of the token before: its entity goes on where a tag says so. */
  #open: CorpusEntity | undefined;

  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  add(token: string, tag: string, where: string): void {
    const [, prefix, label] = /^(?:O|([BI])-(PER|ORG|LOC|MISC))$/.exec(tag) ?? [];
    if (tag !== 'O' && prefix === undefined) {
      throw new Error(`${where}: expected O, or B- or I- of PER, ORG, LOC or MISC, not ${tag}`);
    }
    const start = this.#length + (this.isEmpty ? 0 : 1);
    const end = start + Array.from(token).length;
    this.#tokens.push(token);
    this.#length = end;
    if (prefix === undefined) this.#open = undefined;
    else if (prefix === 'I' && this.#open?.label === label) this.#open!.end = end;
    else {
      this.#open = { label: label as CorpusEntity['label'], start, end };
      this.#entities.push(this.#open);
    }
  }

  toJson(): string {
    return JSON.stringify({ text: this.#tokens.join(' '), entities: this.#entities });
  }
}
