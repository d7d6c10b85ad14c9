import { familyOf } from '../registry/family-of.js';
import type { SpecialTokens } from '../runtime/batch-input.js';
import type { TextAnswerer, TextAnswererOptions } from './text-answerer.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { Card } from '../registry/card.js';
import type { VariantEntry, VariantRegistry } from '../registry/variant-registry.js';

/** What the variants of a family share. */
export interface Family {
  readonly tokenizer: TextTokenizer & SpecialTokens;
  readonly answerer: TextAnswerer;
}

export interface FamiliesOptions {
  readonly registry: VariantRegistry;
  /** Rejects where the tokenizer cannot be had. */
  readonly tokenizerOf: (card: Card) => Promise<Family['tokenizer']>;
  /** `cards`: all of the family that are known now. */
  readonly answererOf: (
    cards: readonly [Card, ...Card[]],
    tokenizer: Family['tokenizer'],
  ) => TextAnswerer;
}

/** Overlap of neighbouring windows in tokens: as much context as most sentences have. */
const WINDOW_OVERLAP_TOKENS = 64;

/** What an answerer must know of its variants; windows fit all of them. */
export function familyFacts(
  cards: readonly [Card, ...Card[]],
): Pick<TextAnswererOptions, 'family' | 'labels' | 'tagging' | 'windowTokens' | 'windowOverlap'> {
  const maxLength = Math.min(...cards.map(({ inputs }) => inputs.maxLength));
  return {
    family: familyOf(cards[0]),
    labels: cards[0].labels,
    tagging: cards[0].tagging,
    windowTokens: maxLength - 2,
    windowOverlap: Math.min(WINDOW_OVERLAP_TOKENS, Math.floor(maxLength / 4)),
  };
}

/** The families of the registry's variants: each has its own tokenizer, and answers texts in its own way. */
export class Families {
  readonly #options: FamiliesOptions;
  readonly #families = new Map<string, Family>();

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  /** That of a variant with a card, once it was opened. */
  of({ name, family }: Pick<VariantEntry, 'name' | 'family'>): Family {
    const found = family === undefined ? undefined : this.#families.get(family);
    if (found === undefined) throw new Error(`the family of ${name} is not open; this is a bug`);
    return found;
  }

  /** That of the requests which name no variant. */
  get default(): Family {
    const { registry } = this.#options;
    return this.of({ name: 'the default', family: registry.defaultFamily });
  }

  /**
   * Opens the families of all variants that are to be loaded. Variants of one whose tokenizer cannot be had are failed;
   * rejects where that is the first family, without which there is nothing to serve.
   */
  async open(): Promise<void> {
    const { registry } = this.#options;
    for (const { state, family } of registry.list()) {
      if (state !== 'loading' || family === undefined || this.#families.has(family)) continue;
      const members = registry.list().filter((entry) => entry.family === family);
      const cards = members.flatMap(({ card }) => card ?? []);
      try {
        await this.#open(family, cards as [Card, ...Card[]]);
      } catch (error) {
        if (family === registry.defaultFamily) throw error;
        for (const { name } of members) registry.fail(name, (error as Error).message);
      }
    }
  }

  async #open(family: string, cards: readonly [Card, ...Card[]]): Promise<void> {
    const { tokenizerOf, answererOf } = this.#options;
    const tokenizer = await tokenizerOf(cards[0]);
    this.#families.set(family, { tokenizer, answerer: answererOf(cards, tokenizer) });
  }
}
