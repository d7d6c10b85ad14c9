import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readCard, type CardFacts } from '../model-card.js';

/** A variant that was made and not kept, as it lies in the gateway's temporary folder. */
export interface BuiltFile {
  path: string;
  sizeBytes: number;
  /** Of the bytes of the file. */
  sha256: string;
  card: CardFacts;
}

/** Finds the file of a variant; throws where the folder holds none of that name. */
export function findBuiltFile(temporaryFolder: string, name: string): BuiltFile {
  for (const entry of readdirSync(temporaryFolder)) {
    const folder = path.join(temporaryFolder, entry);
    if (!existsSync(path.join(folder, 'card.json'))) continue;
    const card = readCard(temporaryFolder, entry);
    if (card.name !== name) continue;
    const file = path.join(folder, card.file);
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    return { path: file, sizeBytes: statSync(file).size, sha256, card };
  }
  throw new Error(`${temporaryFolder} holds no variant "${name}"`);
}

/** Whether sha256 and size of its card are those of its file, and neither is its parent's. */
export function isOwnCard({ card, sha256, sizeBytes }: BuiltFile, parent: CardFacts): boolean {
  return (
    card.sha256 === sha256 &&
    card.sizeBytes === sizeBytes &&
    sha256 !== parent.sha256 &&
    sizeBytes !== parent.sizeBytes
  );
}
