import { familyOf } from './family-of.js';
import { routingQuality } from './routing-quality.js';
import type { Card } from './card.js';
import type { Measurement } from './measurement-store.js';

export type VariantState = 'loading' | 'active' | 'failed';

/** A variant of the manifest: what is known of it, and whether it serves. */
export interface VariantEntry {
  readonly name: string;
  readonly state: VariantState;
  /** Absent where the card could not be read. */
  readonly card: Card | undefined;
  /** Of those that may answer for each other; undefined without a card. */
  readonly family: string | undefined;
  readonly modelPath: string | undefined;
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

function isActive(entry: VariantEntry): entry is ActiveVariant {
  return entry.state === 'active';
}

/** Which variants there are and in what state; the only place where a state changes. */
export class VariantRegistry {
  readonly #entries = new Map<string, VariantEntry>();
  #active: readonly ActiveVariant[] = [];

  add(name: string, card: Card, modelPath: string): void {
    this.#set({
      name,
      state: 'loading',
      card,
      family: familyOf(card),
      modelPath,
      provider: undefined,
      profile: undefined,
      detail: undefined,
    });
  }

  /** Marks a variant as not to be served. Final: only a restart tries again. */
  fail(name: string, detail: string): void {
    const known = this.#entries.get(name);
    this.#set({
      name,
      state: 'failed',
      card: known?.card,
      family: known?.family,
      modelPath: known?.modelPath,
      provider: undefined,
      profile: undefined,
      detail,
    });
  }

  activate(name: string, measured: { provider: string; profile: Measurement['profile'] }): void {
    const entry = this.#entries.get(name);
    if (entry?.state !== 'loading') throw new Error(`${name} is not loading; this is a bug`);
    this.#set({ ...entry, ...measured, state: 'active' });
  }

  get(name: string): VariantEntry | undefined {
    return this.#entries.get(name);
  }

  /** All of the manifest, in its order. */
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

  #set(entry: VariantEntry): void {
    this.#entries.set(entry.name, entry);
    this.#active = this.list()
      .filter(isActive)
      .sort((left, right) => routingQuality(right.card) - routingQuality(left.card));
  }
}
