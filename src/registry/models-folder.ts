import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { wasAdded, wasBuilt } from './built-variants.js';
import { variantName } from '../names.js';
import { cardSchema, type Card } from './card.js';
import { cardText } from './card-text.js';
import { FolderError, writeFailure } from './folder-error.js';
import { withLock } from './folder-lock.js';
import { ModelsError, readCard, readManifest } from './read-models.js';
import { syncFolder, writeDurably } from './write-durably.js';

/** Folders that are there while the lock is held, and after a process was killed that held it. */
const ASIDE = /^\.(adding|removing)-/;

export interface FolderOptions {
  /** A folder that is missing or empty becomes a models folder. */
  readonly create?: boolean;
}

type Listed = Readonly<Record<'variants' | 'retired', readonly string[]>>;

export interface ListedVariant {
  readonly name: string;
  /** Not loaded at the start: it is there for others to be made of it. */
  readonly retired: boolean;
  /** Why there is none, for people, where the card cannot be used. */
  readonly card: Card | { readonly problem: string };
}

/**
 * A folder of variants on disk, and the only one who changes it. Whenever the process or the machine ends, a variant is
 * listed with its whole folder or not at all; what a killed process left aside is removed with the next change. Methods
 * reject with FolderError, ModelsError (the manifest cannot be used) or LockedError.
 */
export class ModelsFolder {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** What the manifest lists, in its order. */
  async list(): Promise<ListedVariant[]> {
    const listed: ListedVariant[] = [];
    const { variants, retired: parents } = await this.#listed();
    for (const name of variants) {
      const retired = parents.includes(name);
      try {
        listed.push({ name, retired, card: await readCard(this.#dir, name) });
      } catch (error) {
        if (!(error instanceof ModelsError)) throw error;
        listed.push({ name, retired, card: { problem: error.message } });
      }
    }
    return listed;
  }

  /** Rejects with `name_taken` if a variant of that name cannot be kept; cheap, and no promise for later. */
  async checkName(name: string, options: FolderOptions = {}): Promise<void> {
    const taken = (await this.#listed(options)).variants.includes(name);
    if (taken || !(await this.#isFree(name))) {
      throw new FolderError(
        'name_taken',
        `there is a ${name} already; choose another name or remove it first`,
      );
    }
  }

  /**
   * Takes in what a build wrote: copies its model and card and lists it last. `builtDir` stays as it is. Rejects with
   * `name_taken` or `storage_full`.
   */
  async keep(builtDir: string): Promise<Card> {
    const card = cardSchema.parse(
      JSON.parse(await readFile(path.join(builtDir, 'card.json'), 'utf8')),
    );
    const model = await readFile(path.join(builtDir, card.file));
    if (createHash('sha256').update(model).digest('hex') !== card.sha256) {
      throw new ModelsError(`the model of ${card.name} is not the one that its card describes`);
    }
    await this.add(card, { [card.file]: model });
    return card;
  }

  /** Takes a variant in: its files, then its card, and lists it last. Rejects as `keep` does. */
  async add(
    card: Card,
    files: Readonly<Record<string, Uint8Array>>,
    options: FolderOptions = {},
  ): Promise<void> {
    await this.#change(async () => {
      await this.checkName(card.name, options);
      const aside = path.join(this.#dir, `.adding-${card.name}`);
      await mkdir(aside);
      for (const [file, bytes] of Object.entries(files)) {
        await writeDurably(path.join(aside, file), bytes);
      }
      await writeDurably(path.join(aside, 'card.json'), cardText(card));
      const target = path.join(this.#dir, card.name);
      // A build that was killed before it was listed.
      if (existsSync(target)) await rename(target, path.join(this.#dir, `.removing-${card.name}`));
      await rename(aside, target);
      await syncFolder(this.#dir);
      const { variants } = await this.#listed(options);
      await this.#writeManifest([...variants, card.name], options);
    }, options);
  }

  /**
   * Removes a variant that a build made, or any with `force`, but never one that another was made from. Rejects with
   * `unknown_variant`, `is_parent`, `not_built` or `last_one`.
   */
  async forget(name: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    await this.#change(async () => {
      const listed = await this.list();
      await this.#checkForgetting(name, { listed, force });
      const others = namesOf(listed).filter((other) => other !== name);
      if (others.length < listed.length) await this.#writeManifest(others);
      await rename(path.join(this.#dir, name), path.join(this.#dir, `.removing-${name}`));
      await syncFolder(this.#dir);
    });
  }

  async #checkForgetting(
    name: string,
    { listed, force }: { listed: readonly ListedVariant[]; force: boolean },
  ): Promise<void> {
    const known = listed.find((variant) => variant.name === name)?.card;
    if (known === undefined && !(await this.#isLeftover(name, { force }))) {
      throw new FolderError(
        'unknown_variant',
        `there is no variant ${name}; there are ${namesOf(listed).join(', ')}`,
      );
    }
    const children = listed.filter(({ card }) => 'name' in card && card.parent === name);
    if (children.length > 0) {
      throw new FolderError(
        'is_parent',
        `${name} is the parent of ${namesOf(children).join(', ')}; remove what was made from it first`,
      );
    }
    if (listed.every((variant) => variant.retired || variant.name === name)) {
      throw new FolderError('last_one', `only ${name} is loaded; a gateway needs one variant`);
    }
    if (force || known === undefined || ('name' in known && wasBuilt(known))) return;
    throw new FolderError(
      'not_built',
      `${name} was not made by a build, so that it cannot be made again; --force removes it all the same`,
    );
  }

  /** One change at a time, by whichever process. */
  async #change(work: () => Promise<void>, options: FolderOptions = {}): Promise<void> {
    const manifest = path.join(this.#dir, 'manifest.json');
    // A folder that is no models folder gets no lock file either.
    await this.#listed(options);
    try {
      if (options.create === true) await mkdir(this.#dir, { recursive: true });
      await withLock(`${manifest}.lock`, async () => {
        await this.#sweep();
        try {
          await work();
        } finally {
          await this.#sweep();
        }
      });
    } catch (error) {
      throw writeFailure(error) ?? error;
    }
  }

  /** What the manifest lists; none of a folder that is to be made. */
  async #listed({ create = false }: FolderOptions = {}): Promise<Listed> {
    if (create && (await this.#isNew())) return { variants: [], retired: [] };
    const { variants, retired = [] } = await readManifest(this.#dir);
    return { variants, retired };
  }

  /** Missing, empty, or with no more than what an addition left that was killed before its variant was listed. */
  async #isNew(): Promise<boolean> {
    if (!existsSync(this.#dir)) return true;
    const entries = await readdir(this.#dir);
    for (const entry of entries) {
      const isOurs = ASIDE.test(entry) || entry === 'manifest.json.lock';
      if (!isOurs && !(await this.#isLeftover(entry))) return false;
    }
    return true;
  }

  async #sweep(): Promise<void> {
    for (const entry of await readdir(this.#dir)) {
      if (ASIDE.test(entry)) await rm(path.join(this.#dir, entry), { recursive: true });
    }
  }

  /** Those that were retired stay so. */
  async #writeManifest(variants: readonly string[], options: FolderOptions = {}): Promise<void> {
    const { retired } = await this.#listed(options);
    const left = retired.filter((name) => variants.includes(name));
    const manifest = { schemaVersion: 1, variants, ...(left.length > 0 && { retired: left }) };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeDurably(path.join(this.#dir, 'manifest.json'), text);
  }

  /** Nothing is there, or what a build left that was killed before it was listed. */
  async #isFree(name: string): Promise<boolean> {
    return !existsSync(path.join(this.#dir, name)) || (await this.#isLeftover(name));
  }

  async #isLeftover(name: string, { force = false } = {}): Promise<boolean> {
    if (!variantName.safeParse(name).success) return false;
    try {
      const card = await readCard(this.#dir, name);
      return force || wasBuilt(card) || wasAdded(card);
    } catch (error) {
      if (error instanceof ModelsError) return false;
      throw error;
    }
  }
}

function namesOf(listed: readonly ListedVariant[]): string[] {
  return listed.map(({ name }) => name);
}
