import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
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
  const names = copies === 1 ? [variant] : numbered(variant, copies);
  return makeFolder(
    modelsDir,
    names.map((name) => ({ name, source: variant })),
  );
}

/** A models folder with some of the variants of another one. */
export function makeFolderOf(modelsDir: string, variants: readonly string[]): ModelsFolder {
  return makeFolder(
    modelsDir,
    variants.map((name) => ({ name, source: name })),
  );
}

function makeFolder(
  modelsDir: string,
  variants: readonly { name: string; source: string }[],
): ModelsFolder {
  const cards = variants.map(({ source }) => readCard(modelsDir, source));
  const folder = makeTemporaryFolder('entier-models-');
  try {
    for (const [index, { name, source }] of variants.entries()) {
      const card = cards[index]!;
      placeTokenizer(
        tokenizerOf(modelsDir, card),
        path.join(folder.path, card.tokenizer.directory),
      );
      const from = path.join(modelsDir, source);
      const target = path.join(folder.path, name);
      const content = JSON.parse(readFileSync(path.join(from, 'card.json'), 'utf8')) as object;
      mkdirSync(target);
      writeFileSync(path.join(target, 'card.json'), JSON.stringify({ ...content, name }));
      placeFile(path.join(from, card.file), path.join(target, card.file));
    }
    const names = variants.map(({ name }) => name);
    const manifest = JSON.stringify({ schemaVersion: 1, variants: names });
    writeFileSync(path.join(folder.path, 'manifest.json'), manifest);
    return { path: folder.path, variants: names, remove: () => folder.remove() };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** Variants share it where their cards name the same folder. */
function placeTokenizer(file: string, folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  placeFile(file, path.join(folder, 'tokenizer.json'));
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
