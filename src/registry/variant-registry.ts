import { familyOf } from './family-of.js';
import { routingQuality } from './routing-quality.js';
import { mayBecome, type NextState, type VariantState } from './variant-state.js';
import type { Card } from './card.js';
import type { Measurement } from './measurement-store.js';

/** A variant of the manifest, or one that was asked for since: what is known of it, and whether it serves. */
export interface VariantEntry {
  readonly name: string;
  readonly state: VariantState;
  /** Absent where the card could not be read, and before the variant is built. */
  readonly card: Card | undefined;
  /** Of those that may answer for each other; undefined without a card. */
  readonly family: string | undefined;
  readonly modelPath: string | undefined;
  /** Known once it was loaded and measured. */
  readonly provider: string | undefined;
  readonly profile: Measurement['profile'] | undefined;
  /** Why it failed, for the operator. */
  readonly detail: string | undefined;
}

export type ActiveVariant = VariantEntry & {
  readonly state: 'active';
  readonly card: Card;
  readonly family: string;
  readonly provider: string;
  readonly profile: Measurement['profile'];
};

export interface Measured {
  readonly provider: string;
  readonly profile: Measurement['profile'];
}

/** Told of every change of a state, after it. */
export type OnStateChange = (
  change: Pick<VariantEntry, 'name' | 'detail'> & {
    /** Undefined: it is new. */
    readonly from: VariantState | undefined;
    readonly to: NextState;
  },
) => void;

function isActive(entry: VariantEntry): entry is ActiveVariant {
  return entry.state === 'active';
}

const NOTHING_KNOWN = {
  card: undefined,
  family: undefined,
  modelPath: undefined,
  provider: undefined,
  profile: undefined,
  detail: undefined,
} as const;

/** Which variants there are and in what state; the only place where a state changes, and only as `mayBecome` allows. */
export class VariantRegistry {
  readonly #entries = new Map<string, VariantEntry>();
  #active: readonly ActiveVariant[] = [];
  #onChange: OnStateChange = () => undefined;

  /** One listener; what changed before it came is not told. */
  set onChange(listener: OnStateChange) {
    this.#onChange = listener;
  }

  /** A variant whose files are there; it is to be loaded. */
  add(name: string, card: Card, modelPath: string): void {
    this.#enter({
      ...NOTHING_KNOWN,
      name,
      state: 'loading',
      card,
      family: familyOf(card),
      modelPath,
    });
  }

  /** Takes a name for a variant that is to be built. */
  request(name: string): void {
    this.#enter({ ...NOTHING_KNOWN, name, state: 'requested' });
  }

  /** The variant's build has begun. */
  build(name: string): void {
    this.#change(name, { state: 'building' });
  }

  /** It was built and passed its gate. */
  pass(name: string, { card, modelPath }: { card: Card; modelPath: string }): void {
    this.#change(name, { state: 'gated', card, family: familyOf(card), modelPath });
  }

  /** All workers hold it. `measured` where it was not known. */
  warm(name: string, measured?: Partial<Measured>): void {
    this.#change(name, { state: 'warm', ...measured });
  }

  /** It serves from now on; `measured` where it was not known. */
  activate(name: string, measured?: Measured): void {
    const known = { ...this.#entries.get(name), ...measured };
    if (known.profile === undefined || known.provider === undefined)
      throw new Error(`${name} serves unmeasured; this is a bug`);
    this.#change(name, { state: 'active', ...measured });
  }

  /** An active variant gets no new work; the workers still hold it. */
  standDown(name: string): void {
    this.#change(name, { state: 'warm' });
  }

  /** No worker holds it. */
  retire(name: string, detail?: string): void {
    this.#change(name, { state: 'retired', detail });
  }

  /** A retired variant is to be loaded again. */
  reload(name: string): void {
    this.#change(name, { state: 'loading', detail: undefined });
  }

  /** Its name is free. */
  forget(name: string): void {
    const from = this.#legal(name, 'gone');
    this.#entries.delete(name);
    this.#sort();
    this.#onChange({ name, from, to: 'gone', detail: undefined });
  }

  /** Marks a variant as not to be served, also one that is new. Final: only a restart tries again. */
  fail(name: string, detail: string): void {
    const failed = { state: 'failed', provider: undefined, profile: undefined, detail } as const;
    if (this.#entries.has(name)) this.#change(name, failed);
    else this.#enter({ ...NOTHING_KNOWN, ...failed, name });
  }

  get(name: string): VariantEntry | undefined {
    return this.#entries.get(name);
  }

  /** All of the manifest, in its order, then those that were asked for since. */
  list(): readonly VariantEntry[] {
    return [...this.#entries.values()];
  }

  /** Those that serve, best first; among equals the manifest's order. */
  active(): readonly ActiveVariant[] {
    return this.#active;
  }

  /** The first one of the manifest: it answers requests that name no variant. Undefined without a readable card. */
  get defaultFamily(): string | undefined {
    return this.list().find(({ family }) => family !== undefined)?.family;
  }

  #enter(entry: VariantEntry): void {
    if (this.#entries.has(entry.name))
      throw new Error(`there is a ${entry.name} already; this is a bug`);
    this.#set(entry);
    const { name, state: to, detail } = entry;
    this.#onChange({ name, from: undefined, to, detail });
  }

  #change(name: string, change: Partial<VariantEntry> & { readonly state: VariantState }): void {
    const from = this.#legal(name, change.state);
    const entry = { ...this.#entries.get(name)!, ...change };
    this.#set(entry);
    this.#onChange({ name, from, to: entry.state, detail: entry.detail });
  }

  /** The present state, if the next one may follow it. */
  #legal(name: string, to: NextState): VariantState {
    const from = this.#entries.get(name)?.state;
    if (from === undefined || !mayBecome(from, to))
      throw new Error(`${name} is ${from ?? 'unknown'} and cannot become ${to}; this is a bug`);
    return from;
  }

  #set(entry: VariantEntry): void {
    this.#entries.set(entry.name, entry);
    this.#sort();
  }

  #sort(): void {
    this.#active = this.list()
      .filter(isActive)
      .sort((left, right) => routingQuality(right.card) - routingQuality(left.card));
  }
}
