/** How B- and I- are meant: in `iob1` an I- begins a span too, and B- only parts it from one of its type before it. */
export type Tagging = 'iob1' | 'iob2';

/** What the names of a model's labels mean, by label index. */
export interface LabelScheme {
  readonly count: number;
  /** The entity type: the name without B-, I- and so on. */
  readonly types: readonly string[];
  /** 1 where the label is O: no entity. */
  readonly outside: Uint8Array;
  /** 1 where the label begins a span even after one of its own type: B-, and S- or U-. */
  readonly begins: Uint8Array;
  /** The labels that a label within a span may follow, lowest first. Null: it may follow every closed label. */
  readonly predecessors: readonly (readonly number[] | null)[];
  /** 1 where no span is open after the label, so that anything may follow, or the text end. Null: after every label. */
  readonly closed: Uint8Array | null;
}

/** Roles of a tag within a span: begins it, goes on (I, or M of BMES), ends it (E, or L of BILOU), is it (S, U). */
export type Role = 'begin' | 'inside' | 'end' | 'single' | 'none';
const ROLES: Readonly<Record<string, Role>> = {
  B: 'begin',
  I: 'inside',
  M: 'inside',
  E: 'end',
  L: 'end',
  S: 'single',
  U: 'single',
};

/** What a label says of its token. */
export interface LabelParts {
  readonly role: Role;
  readonly type: string;
}

const schemes = new WeakMap<readonly string[], Map<Tagging, LabelScheme>>();

/**
 * The scheme of a variant's labels; kept as long as that very array lives. Labels are B- and I- (BIO), with E- and S-
 * (BIOES), L- and U- (BILOU) or M- (BMES) where spans have ends, or bare types, of which neighbours are one span.
 */
export function labelScheme(labels: readonly string[], tagging: Tagging = 'iob2'): LabelScheme {
  const known = schemes.get(labels) ?? new Map<Tagging, LabelScheme>();
  const scheme = known.get(tagging) ?? schemeOf(labels, tagging);
  schemes.set(labels, known.set(tagging, scheme));
  return scheme;
}

/** The entity type of a label, without B-, I- and so on. */
export function entityType(label: string, labels: readonly string[]): string {
  const index = labels.indexOf(label);
  return index < 0 ? label : labelScheme(labels).types[index]!;
}

function schemeOf(labels: readonly string[], tagging: Tagging): LabelScheme {
  const tags = labelParts(labels);
  const has = (role: Role, type: string): boolean =>
    tags.some((tag) => tag.role === role && tag.type === type);
  const indexes = (type: string, roles: readonly Role[]): number[] =>
    tags.flatMap((tag, index) => (tag.type === type && roles.includes(tag.role) ? [index] : []));
  // An I- without a B- of its type can only begin spans itself.
  const mayBegin = ({ role, type }: LabelParts): boolean =>
    role !== 'inside' && role !== 'end' ? true : !has('begin', type) || tagging === 'iob1';
  const isOpen = ({ role, type }: LabelParts): boolean =>
    (role === 'begin' || role === 'inside') && has('end', type);
  return {
    count: labels.length,
    types: tags.map(({ type }) => type),
    outside: Uint8Array.from(labels, (label) => (label === 'O' ? 1 : 0)),
    begins: Uint8Array.from(tags, ({ role }) => (role === 'begin' || role === 'single' ? 1 : 0)),
    predecessors: tags.map((tag) =>
      mayBegin(tag) ? null : indexes(tag.type, ['begin', 'inside']),
    ),
    closed: tags.some(isOpen) ? Uint8Array.from(tags, (tag) => (isOpen(tag) ? 0 : 1)) : null,
  };
}

/** E-, L-, M-, S- and U- are roles only where spans have ends: else they may belong to a name, such as E-MAIL. */
export function labelParts(labels: readonly string[]): LabelParts[] {
  const parts = labels.map((label) => /^([BIMELSU])[-_](.+)$/s.exec(label));
  const begins = new Set(parts.flatMap((part) => (part?.[1] === 'B' ? [part[2]] : [])));
  const haveEnds = parts.some((part) => /[EL]/.test(part?.[1] ?? '') && begins.has(part![2]));
  return labels.map((label, index): LabelParts => {
    const [, letter = '', type = ''] = parts[index] ?? [];
    const role = haveEnds || /[BI]/.test(letter) ? ROLES[letter] : undefined;
    return role === undefined ? { role: 'none', type: label } : { role, type };
  });
}
