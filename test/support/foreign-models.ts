import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Small random taggers as the Hugging Face hub has them (scripts/make_foreign_fixtures.py). */
export const FOREIGN = 'test/fixtures/foreign';

export const STRATEGIES = ['none', 'simple', 'first', 'average', 'max'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Of a model: the labels that its answers name by index, and a row of numbers for each text and strategy. */
export type ForeignAnswers = { readonly labels: readonly string[] } & Readonly<
  Record<Strategy, readonly (readonly number[])[]>
>;

export interface ForeignFile {
  readonly texts: readonly string[];
  readonly answers: Readonly<Record<string, ForeignAnswers>>;
}

export interface ForeignEntity {
  readonly label: string;
  /** In code points. */
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

export function readForeignFile(): ForeignFile {
  const packed = readFileSync(path.join(FOREIGN, 'answers.json.gz'));
  return JSON.parse(gunzipSync(packed).toString()) as ForeignFile;
}

/** What transformers' pipeline answered to one text. */
export function entitiesOf(
  { labels, ...rows }: ForeignAnswers,
  strategy: Strategy,
  text: number,
): ForeignEntity[] {
  const row = rows[strategy][text]!;
  const entities: ForeignEntity[] = [];
  for (let at = 0; at < row.length; at += 4) {
    const [label, start, end, score] = row.slice(at, at + 4) as [number, number, number, number];
    entities.push({ label: labels[label]!, start, end, score: score / 1e4 });
  }
  return entities;
}

export function modelFileOf(folder: string): string {
  const inner = path.join(folder, 'onnx/model.onnx');
  return existsSync(inner) ? inner : path.join(folder, 'model.onnx');
}
