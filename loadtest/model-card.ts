import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What load tests need to know of a card.json. */
export interface CardFacts {
  name: string;
  file: string;
  labels: string[];
  recipe: { precision: string };
  sha256: string;
  sizeBytes: number;
  parameters: number;
  tokenizer: { directory: string };
  /** Entity F1 on the validation split. */
  quality: { value: number };
}

/** Reads the card of a variant; throws with the variants that there are where it is not among them. */
export function readCard(modelsDir: string, variant: string): CardFacts {
  const file = path.join(modelsDir, variant, 'card.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as CardFacts;
  const manifest = path.join(modelsDir, 'manifest.json');
  if (!existsSync(manifest)) throw new Error(`${manifest} does not exist: is --models right?`);
  const { variants } = JSON.parse(readFileSync(manifest, 'utf8')) as { variants: string[] };
  throw new Error(`${modelsDir} has no variant "${variant}"; it has ${variants.join(', ')}`);
}

/** The path of the variant's tokenizer.json. */
export function tokenizerOf(modelsDir: string, card: CardFacts): string {
  return path.join(modelsDir, card.tokenizer.directory, 'tokenizer.json');
}
