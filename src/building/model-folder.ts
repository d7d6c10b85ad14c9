import { constants, type Stats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../compress/onnx/model-limits.js';
import { refused, type ModelFolderError } from './model-folder-error.js';

/** The files of a Hugging Face style folder, as they were read, once. */
export interface ModelFolder {
  readonly config: string;
  readonly tokenizer: Buffer;
  readonly tokenizerConfig: string | undefined;
  readonly model: Buffer;
  /** Where the model lies, relative to the folder. */
  readonly modelFile: string;
  readonly modelPath: string;
}

const MODEL_FILES = ['onnx/model.onnx', 'model.onnx'];
/** The largest vocabularies in use, of 260,000 entries, are files of 35 MB. */
const MAX_TOKENIZER_BYTES = 64 * 2 ** 20;
const MAX_CONFIG_BYTES = 2 ** 20;

/**
 * Reads a folder that nobody has checked: plain files of the folder itself only, no links, none too large. Rejects with
 * ModelFolderError. With `within`, `directory` is relative to that and must not lead out of it.
 */
export async function readModelFolder(directory: string, within?: string): Promise<ModelFolder> {
  const dir = within === undefined ? path.resolve(directory) : await inside(directory, within);
  await checkFolder(dir, '');
  const read = (file: string, maxBytes: number): Promise<Buffer | undefined> =>
    readPlain(dir, file, maxBytes);
  const need = async (file: string, maxBytes: number): Promise<Buffer> => {
    const bytes = await read(file, maxBytes);
    if (bytes === undefined) throw refused(file, 'there is no such file; the folder needs one');
    return bytes;
  };
  const config = await need('config.json', MAX_CONFIG_BYTES);
  const tokenizer = await need('tokenizer.json', MAX_TOKENIZER_BYTES);
  const tokenizerConfig = await read('tokenizer_config.json', MAX_CONFIG_BYTES);
  for (const modelFile of MODEL_FILES) {
    const model = await read(modelFile, DEFAULT_LIMITS.maxModelBytes);
    if (model === undefined) continue;
    return {
      config: config.toString(),
      tokenizer,
      tokenizerConfig: tokenizerConfig?.toString(),
      model,
      modelFile,
      modelPath: path.join(dir, modelFile),
    };
  }
  throw refused(
    '',
    `there is neither ${MODEL_FILES.join(' nor ')} in the folder; export the model to ONNX (optimum-cli export onnx)`,
  );
}

/** The path of a folder below another, reached without links. Rejects with ModelFolderError. */
async function inside(directory: string, within: string): Promise<string> {
  const outside = refused(
    '',
    'the folder must be below the models folder, without links on the way',
  );
  const relative = path.normalize(directory);
  const isBelow =
    !path.isAbsolute(relative) && relative !== '.' && !/^\.\.(?:[/\\]|$)/.test(relative);
  if (!isBelow || directory.includes('\0')) throw outside;
  const root = await realpath(within);
  const target = path.join(root, relative);
  let real: string;
  try {
    real = await realpath(target);
  } catch (error) {
    throw refused('', `there is no such folder (${codeOf(error)})`, error);
  }
  if (real !== path.resolve(target)) throw outside;
  return real;
}

async function checkFolder(dir: string, called: string): Promise<boolean> {
  let stats: Stats;
  try {
    stats = await lstat(dir);
  } catch (error) {
    if (called !== '' && codeOf(error) === 'ENOENT') return false;
    throw refused(called, `there is no such folder (${codeOf(error)})`, error);
  }
  if (stats.isSymbolicLink()) throw isLink(called);
  if (!stats.isDirectory()) throw refused(called, 'it is not a folder');
  return true;
}

/** Undefined where there is none. */
async function readPlain(dir: string, file: string, maxBytes: number): Promise<Buffer | undefined> {
  const parent = path.dirname(file);
  if (parent !== '.' && !(await checkFolder(path.join(dir, parent), parent))) return undefined;
  let handle;
  try {
    // Without O_NONBLOCK a named pipe would be waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    handle = await open(path.join(dir, file), flags);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'EMLINK') throw isLink(file);
    throw refused(file, `it cannot be read (${code})`, error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw refused(file, 'it is not a plain file');
    if (stats.size > maxBytes) {
      throw refused(file, `it has ${stats.size} bytes; at most ${maxBytes} are taken`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function isLink(file: string): ModelFolderError {
  return refused(
    file,
    'it is a symbolic link, which is not followed; copy the folder with cp -rL and add the copy',
  );
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
