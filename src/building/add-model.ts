import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ModelDescription } from '../compress/describe-model.js';
import { variantName } from '../names.js';
import { TextTokenizer } from '../ner/tokenizer.js';
import { ADDED_BY } from '../registry/built-variants.js';
import type { Card } from '../registry/card.js';
import { ModelsFolder } from '../registry/models-folder.js';
import type { LatencyProfile } from '../scheduling/task.js';
import { wordsOfPrecision } from './card-recipe.js';
import { foreignConfig, type ForeignConfig } from './foreign-config.js';
import { checkGraph } from './foreign-graph.js';
import { GateError, GateWorker } from './gate-worker.js';
import { measureProfile } from './measure-variant.js';
import { readModelFolder, type ModelFolder } from './model-folder.js';
import { refused, refusedByZod } from './model-folder-error.js';
import { referenceSentences } from './reference-sentences.js';
import { trialRun } from './trial-run.js';
import { tryTokenizer } from './try-tokenizer.js';

/** Where an addition is: at the tokenizer, native code may never come back, or end the process. */
export type AddStage = 'tokenizer' | 'model';

export interface AddModelOptions {
  readonly directory: string;
  /** Where given, `directory` is relative to this folder and must lie below it. */
  readonly within?: string | undefined;
  readonly modelsDir: string;
  /** Absent: made of the folder's name. */
  readonly name?: string | undefined;
  /** Absent: found out. */
  readonly tagging?: Card['tagging'];
  /** Absent: those that come with the gateway. */
  readonly sentences?: readonly string[] | undefined;
  /** Told of the process that runs the model, whose memory counts too. */
  readonly onWorker?: (pid: number) => void;
  /** Told before each stage; what it returns is waited for. */
  readonly onStage?: (stage: AddStage) => Promise<void>;
}

export interface AddedModel {
  readonly card: Card;
  /** On this host, one thread. */
  readonly profile: LatencyProfile;
}

const WORKER_HOST = fileURLToPath(new URL('../runtime/worker-host.js', import.meta.url));

/**
 * Takes a tagger that others made, a folder as the Hugging Face hub has them, into the models folder, which is made if
 * there is none: checks its files, runs it in a process of its own, and lists it last with a card. Rejects with
 * ModelFolderError, or as ModelsFolder does; nothing is written then.
 */
export async function addModel(options: AddModelOptions): Promise<AddedModel> {
  const { directory, modelsDir } = options;
  const name = nameOfModel(options);
  const target = new ModelsFolder(modelsDir);
  await target.checkName(name, { create: true });
  const folder = await readModelFolder(directory, options.within);
  const config = foreignConfig(folder);
  const atTokenizer = async <T>(work: () => T | Promise<T>): Promise<T> => {
    await options.onStage?.('tokenizer');
    const result = await work();
    await options.onStage?.('model');
    return result;
  };
  const tokenizer = await atTokenizer(() => openForeign(folder, config));
  const graph = checkGraph(folder, config, tokenizer);
  const sentences = options.sentences ?? referenceSentences();
  await atTokenizer(() => tryTokenizer(tokenizer, sentences));
  const draft = draftCard(name, { folder, config, graph });
  const tried = await tryOut(draft, { folder, tokenizer, sentences, options });
  const card: Card = { ...draft, ...tried.facts };
  card.provenance.runtime = `onnxruntime ${tried.runtimeVersion}`;
  await target.add(
    card,
    { [card.file]: folder.model, 'tokenizer.json': folder.tokenizer },
    { create: true },
  );
  return { card, profile: tried.profile };
}

/** The one that is given, else one made of the folder's. Throws ModelFolderError for what cannot be one. */
export function nameOfModel({
  directory,
  name: given,
}: Pick<AddModelOptions, 'directory' | 'name'>): string {
  const folder = path.basename(path.resolve(directory)).toLowerCase();
  const name = given ?? folder.replaceAll(/[^a-z0-9._-]+/g, '-').slice(0, 64);
  const parsed = variantName.safeParse(name);
  if (parsed.success && name !== 'tokenizer') return name;
  const why = parsed.success ? 'it is the folder of a tokenizer' : parsed.error.issues[0]!.message;
  throw refused('', `${JSON.stringify(name)} cannot be the name of a variant: ${why}`);
}

function openForeign(
  { tokenizer }: ModelFolder,
  { unknownToken, padToken }: ForeignConfig,
): TextTokenizer {
  try {
    return TextTokenizer.fromJson(tokenizer.toString(), {
      caseTypes: false,
      unknownToken,
      padToken,
    });
  } catch (error) {
    if (error instanceof z.ZodError) throw refusedByZod('tokenizer.json', error);
    const { message } = error as Error;
    throw refused('tokenizer.json', message.slice(0, 300), error);
  }
}

function draftCard(
  name: string,
  {
    folder,
    config,
    graph,
  }: { folder: ModelFolder; config: ForeignConfig; graph: ModelDescription },
): Card {
  const { labels, maxLength, modelType, unknownToken, padToken } = config;
  return {
    schemaVersion: 1,
    name,
    task: 'token-classification',
    description: `${modelType ?? 'Model'} tagger that somebody brought; nobody has evaluated it here.`,
    parent: null,
    recipe: wordsOfPrecision(graph.precision),
    file: 'model.onnx',
    sha256: sha256(folder.model),
    sizeBytes: folder.model.length,
    parameters: Math.max(1, graph.parameters),
    labels: [...labels],
    inputs: { caseTypes: false, maxLength },
    tokenizer: {
      directory: name,
      sha256: sha256(folder.tokenizer),
      ...(unknownToken === undefined ? {} : { unknownToken }),
      ...(padToken === undefined ? {} : { padToken }),
    },
    providers: graph.precision.startsWith('fp') ? ['cpu', 'cuda'] : ['cpu'],
    quality: null,
    evaluation: {},
    reference: [],
    provenance: {
      addedBy: ADDED_BY,
      createdAt: new Date().toISOString(),
      modelType: modelType ?? null,
      modelFile: folder.modelFile,
      configSha256: sha256(folder.config),
      notes: graph.notes,
    },
  };
}

async function tryOut(
  card: Card,
  {
    folder,
    tokenizer,
    sentences,
    options,
  }: {
    folder: ModelFolder;
    tokenizer: TextTokenizer;
    sentences: readonly string[];
    options: AddModelOptions;
  },
): Promise<{
  readonly facts: Pick<Card, 'tagging' | 'reference'>;
  readonly profile: LatencyProfile;
  readonly runtimeVersion: string;
}> {
  const worker = new GateWorker(WORKER_HOST, () => undefined);
  options.onWorker?.(worker.pid);
  try {
    // The worker hashes what it loads, so that it is the file that was checked.
    await worker.load({
      name: card.name,
      path: folder.modelPath,
      sha256: card.sha256,
      labelCount: card.labels.length,
      padId: tokenizer.padId,
      providers: ['cpu'],
      threads: 1,
    });
    const { name, labels, inputs } = card;
    const tried = await trialRun({
      worker,
      tokenizer,
      card: { name, labels, inputs, tagging: options.tagging },
      sentences,
    });
    const { tagging, reference } = tried;
    const facts = { reference, ...(tagging === undefined ? {} : { tagging }) };
    const profile = await measureProfile(card, {
      run: (input) => worker.run(input),
      now: () => performance.now(),
    });
    return { facts, profile, runtimeVersion: worker.runtimeVersion };
  } catch (error) {
    if (error instanceof GateError || error instanceof TypeError) {
      throw refused(folder.modelFile, error.message, error);
    }
    throw error;
  } finally {
    await worker.close();
  }
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
