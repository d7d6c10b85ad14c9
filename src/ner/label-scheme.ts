/** What the names of a model's labels mean, by label index. */
export interface LabelScheme {
  readonly count: number;
  /** The entity type: the name without B- or I-. */
  readonly types: readonly string[];
  /** 1 where the label is O: no entity. */
  readonly outside: Uint8Array;
  /** 1 where the label begins a span even after one of its own type: B-. */
  readonly begins: Uint8Array;
  /** The labels that an I- label may follow, lowest first: B- and I- of its type. Null: it may follow any label. */
  readonly predecessors: readonly (readonly number[] | null)[];
}

const schemes = new WeakMap<readonly string[], LabelScheme>();

/** The scheme of a variant's labels; kept as long as that very array lives. */
export function labelScheme(labels: readonly string[]): LabelScheme {
  let scheme = schemes.get(labels);
  if (scheme === undefined) {
    scheme = {
      count: labels.length,
      types: labels.map((label) => (/^[BI]-/.test(label) ? label.slice(2) : label)),
      outside: Uint8Array.from(labels, (label) => (label === 'O' ? 1 : 0)),
      begins: Uint8Array.from(labels, (label) => (label.startsWith('B-') ? 1 : 0)),
      predecessors: labels.map((label) =>
        label.startsWith('I-') ? indexesOf(labels, ['B-' + label.slice(2), label]) : null,
      ),
    };
    schemes.set(labels, scheme);
  }
  return scheme;
}

function indexesOf(labels: readonly string[], names: readonly string[]): number[] {
  return labels.flatMap((label, index) => (names.includes(label) ? [index] : []));
}
