import type { EncodedText } from './encoded-text.js';
import { bestLabel, softmax } from './softmax.js';
import type { Aggregation, Span } from './span.js';

/** Those of transformers' TokenClassificationPipeline (5.x), under their names. */
export type PipelineAggregation = Exclude<Aggregation, 'viterbi'>;

/** What the label of some tokens is, and its probability. */
interface Verdict {
  readonly label: string;
  readonly score: number;
}

interface Logits {
  readonly values: Float32Array;
  readonly labels: readonly string[];
  /** Room for one row; float32, because the pipeline compares probabilities in that precision. */
  readonly row: Float32Array;
}

/** The same groups, ranges and scores as in the pipeline, without those of O (its ignore_labels). */
export function aggregate(
  encoded: EncodedText,
  values: Float32Array,
  { labels, aggregation }: { labels: readonly string[]; aggregation: PipelineAggregation },
): Span[] {
  const logits = { values, labels, row: new Float32Array(labels.length) };
  const isWordwise = aggregation !== 'none' && aggregation !== 'simple';
  const groups = new Groups(aggregation !== 'none');
  for (let first = 0, end: number; first < encoded.ids.length; first = end) {
    end = first + 1;
    while (isWordwise && encoded.subwords[end] === 1) end++;
    const verdict = judge(logits, { first, end }, aggregation);
    groups.add(verdict, { first, start: encoded.starts[first]!, end: encoded.ends[end - 1]! });
  }
  return groups.finish();
}

/** The verdict on the word of tokens [first, end). */
function judge(
  logits: Logits,
  { first, end }: { first: number; end: number },
  aggregation: PipelineAggregation,
): Verdict {
  if (end - first > 1 && aggregation === 'average') return averageOf(logits, first, end);
  if (end - first === 1 || aggregation !== 'max') return verdictOn(logits, first);
  let best = verdictOn(logits, first);
  for (let token = first + 1; token < end; token++) {
    const verdict = verdictOn(logits, token);
    if (verdict.score > best.score) best = verdict;
  }
  return best;
}

function verdictOn({ values, labels, row }: Logits, token: number): Verdict {
  const label = bestLabel(values, token, labels.length);
  softmax(values, token, row);
  return { label: labels[label]!, score: row[label]! };
}

function averageOf({ values, labels, row }: Logits, first: number, end: number): Verdict {
  const mean = new Float32Array(labels.length);
  for (let token = first; token < end; token++) {
    softmax(values, token, row);
    row.forEach((probability, label) => (mean[label]! += probability));
  }
  mean.forEach((sum, label) => (mean[label] = sum / (end - first)));
  const label = bestLabel(mean, 0, labels.length);
  return { label: labels[label]!, score: mean[label]! };
}

/** Neighbours of one entity type become one span; B- begins a new one. Ungrouped, each keeps its tag as label. */
class Groups {
  private readonly spans: Span[] = [];
  private tag = '';
  private open:
    | { label: string; first: number; start: number; end: number; sum: number; count: number }
    | undefined;

  constructor(private readonly grouped: boolean) {}

  add({ label, score }: Verdict, word: { first: number; start: number; end: number }): void {
    const isBegin = label.startsWith('B-');
    const tag = isBegin || label.startsWith('I-') ? label.slice(2) : label;
    if (this.open !== undefined && this.grouped && tag === this.tag && !isBegin) {
      this.open.end = word.end;
      this.open.sum += score;
      this.open.count++;
      return;
    }
    this.close();
    const name = this.grouped ? label.slice(label.indexOf('-') + 1) : label;
    this.tag = tag;
    this.open = { ...word, label: name, sum: score, count: 1 };
  }

  finish(): Span[] {
    this.close();
    return this.spans;
  }

  private close(): void {
    if (this.open === undefined || this.open.label === 'O') return;
    const { label, first, start, end, sum, count } = this.open;
    const span = { label, start, end, score: sum / count };
    this.spans.push(this.grouped ? span : { ...span, token: first });
  }
}
