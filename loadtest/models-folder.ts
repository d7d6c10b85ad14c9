import { copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readCard, tokenizerOf } from './model-card.js';
import { makeTemporaryFolder } from './temporary-folder.js';

interface ModelsFolderOptions {
  modelsDir: string;
  variant: string;
  /** How many variants there will be, all with the file of this one. */
  copies: number;
}

export interface ModelsFolder {
  path: string;
  /** One variant keeps its name, several are numbered. */
  variants: string[];
  remove(): void;
}

/** A models folder with one variant, or with copies of it under names of their own. */
export function makeModelsFolder({
  modelsDir,
  variant,
  copies,
}: ModelsFolderOptions): ModelsFolder {
  const card = readCard(modelsDir, variant);
  const folder = makeTemporaryFolder('entier-models-');
  try {
    const tokenizer = path.join(folder.path, card.tokenizer.directory);
    mkdirSync(tokenizer);
    placeFile(tokenizerOf(modelsDir, card), path.join(tokenizer, 'tokenizer.json'));
    const variants = copies === 1 ? [variant] : numbered(variant, copies);
    const source = path.join(modelsDir, variant);
    const content = JSON.parse(readFileSync(path.join(source, 'card.json'), 'utf8')) as object;
    for (const name of variants) {
      const target = path.join(folder.path, name);
      mkdirSync(target);
      writeFileSync(path.join(target, 'card.json'), JSON.stringify({ ...content, name }));
      placeFile(path.join(source, card.file), path.join(target, card.file));
    }
    const manifest = JSON.stringify({ schemaVersion: 1, variants });
    writeFileSync(path.join(folder.path, 'manifest.json'), manifest);
    return { path: folder.path, variants, remove: () => folder.remove() };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

function numbered(variant: string, copies: number): string[] {
  return Array.from({ length: copies }, (_, index) => `${variant}.${index + 1}`);
}

/** A hard link where both folders are on one disk, else a copy: a gateway may refuse symbolic links. */
function placeFile(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}
