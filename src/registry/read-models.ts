import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cardSchema, manifestSchema, type Card, type Manifest } from './card.js';
import { VariantRegistry } from './variant-registry.js';

const ONLY_A_PARENT =
  'The manifest lists it as retired: it is not loaded, but others can be made of it.';

/** The models folder cannot be used at all; the message says which file and what to do. */
export class ModelsError extends Error {
  override readonly name = 'ModelsError';
  /** The message for those who may not know where the folder is: without a path. */
  readonly detail: string;

  constructor(message: string, { detail = message, ...options }: DetailOptions = {}) {
    super(message, options);
    this.detail = detail;
  }
}

interface DetailOptions extends ErrorOptions {
  /** Absent: the message names no path. */
  readonly detail?: string;
}

/** `called` is what messages name the file: those of a card reach callers of /readyz, who need no path. */
async function readJson(file: string, called: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ModelsError(`${called} cannot be read (${code ?? 'unknown error'})`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelsError(`${called} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The card of a variant. Rejects with ModelsError where it is missing, wrong or another's. */
export async function readCard(modelsDir: string, name: string): Promise<Card> {
  const parsed = cardSchema.safeParse(
    await readJson(path.join(modelsDir, name, 'card.json'), 'its card.json'),
  );
  if (!parsed.success)
    throw new ModelsError(`its card.json is wrong: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.name !== name) {
    throw new ModelsError(`its card.json names another variant, ${parsed.data.name}`);
  }
  return parsed.data;
}

/** Which variants there are. Rejects with ModelsError where the manifest cannot be used. */
export async function readManifest(modelsDir: string): Promise<Manifest> {
  const file = path.join(modelsDir, 'manifest.json');
  try {
    const manifest = manifestSchema.safeParse(await readJson(file, 'manifest.json'));
    if (manifest.success) return manifest.data;
    throw new ModelsError(`manifest.json is wrong: ${z.prettifyError(manifest.error)}`);
  } catch (error) {
    if (!(error instanceof ModelsError)) throw error;
    const { cause, detail } = error;
    throw new ModelsError(
      detail.replace('manifest.json', () => file),
      { cause, detail },
    );
  }
}

/**
 * Reads the manifest and the cards. A variant whose card is missing or wrong is in the registry as failed; those that
 * the manifest retires come last, so that none of them is the default. Throws ModelsError where the manifest cannot be used.
 */
export async function readModels(modelsDir: string): Promise<VariantRegistry> {
  const registry = new VariantRegistry();
  const { variants, retired = [] } = await readManifest(modelsDir);
  const loaded = variants.filter((name) => !retired.includes(name));
  for (const name of new Set([...loaded, ...retired])) {
    try {
      const card = await readCard(modelsDir, name);
      registry.add(name, card, path.join(modelsDir, name, card.file));
      if (retired.includes(name)) registry.retire(name, ONLY_A_PARENT);
    } catch (error) {
      if (!(error instanceof ModelsError)) throw error;
      registry.fail(name, error.message);
    }
  }
  return registry;
}

/** The path of a card's tokenizer.json, once its digest is found right. Throws ModelsError otherwise. */
export async function verifiedTokenizerPath(modelsDir: string, card: Card): Promise<string> {
  const file = path.join(modelsDir, card.tokenizer.directory, 'tokenizer.json');
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const detail = 'its tokenizer.json cannot be read';
    throw new ModelsError(`${file} cannot be read`, { cause: error, detail });
  }
  if (createHash('sha256').update(bytes).digest('hex') !== card.tokenizer.sha256) {
    const what = 'is not the one that the cards describe (sha256)';
    throw new ModelsError(`${file} ${what}`, { detail: `its tokenizer.json ${what}` });
  }
  return file;
}
