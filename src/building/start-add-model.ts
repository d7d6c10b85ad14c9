import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderError } from '../registry/folder-error.js';
import { ModelsError } from '../registry/read-models.js';
import type { AddedModel, AddStage } from './add-model.js';
import type { AddModelRequest, FromAdder } from './add-model-protocol.js';
import { memoryLimitFor } from './memory-limit.js';
import { ModelFolderError, refused } from './model-folder-error.js';
import { forkGroup, killGroup } from './process-group.js';
import { processMemory } from '../runtime/process-memory.js';

const HOST = fileURLToPath(new URL('./add-model-host.js', import.meta.url));
const WATCH_EVERY_MS = 50;
/** A file of 8 MB, of 250,000 entries, took 430 MB while it was read. */
const PER_TOKENIZER_BYTE = 64;
/** What reading a tokenizer and trying it may take, low priority and a busy host included. */
const MAX_TOKENIZER_MS = 20_000;

/** A model that is being added in processes of its own. */
export interface RunningAddition {
  /**
   * Rejects as `addModel` does (ModelsError for LockedError), and with ModelFolderError where the processes took too much
   * memory, too long for the tokenizer, or died.
   */
  readonly done: Promise<AddedModel>;
  cancel(): void;
}

export interface AdditionLimits {
  readonly maxMemoryBytes?: number;
  readonly maxTokenizerMs?: number;
}

/**
 * Does what `addModel` does in a process of its own, so that neither reading a model that nobody trusts nor a large
 * one stops or ends the caller. Its memory is looked at every 50 ms.
 */
export function startAddModel(
  request: AddModelRequest,
  { maxMemoryBytes, maxTokenizerMs = MAX_TOKENIZER_MS }: AdditionLimits = {},
): RunningAddition {
  const child = forkGroup(HOST);
  let answer: FromAdder | undefined;
  let killedFor: ModelFolderError | undefined;
  let workerPid: number | undefined;
  let stage: AddStage | undefined;
  let patience: NodeJS.Timeout | undefined;
  const kill = (why: ModelFolderError): void => {
    killedFor ??= why;
    killGroup(child);
  };
  const limit = maxMemoryBytes === undefined ? limitFor(request) : Promise.resolve(maxMemoryBytes);
  const watch = setInterval(() => {
    const used = [child.pid, workerPid].reduce(
      (sum: number, pid) =>
        sum + (pid === undefined ? 0 : (processMemory(pid)?.residentBytes ?? 0)),
      0,
    );
    void limit.then((bytes) => {
      if (used > bytes) kill(notAdded(`it took more than ${Math.ceil(bytes / 1e6)} MB of memory`));
    });
  }, WATCH_EVERY_MS);

  child.on('message', (message: FromAdder) => {
    switch (message.type) {
      case 'worker':
        workerPid = message.pid;
        break;
      case 'stage':
        ({ stage } = message);
        clearTimeout(patience);
        if (stage === 'tokenizer')
          patience = setTimeout(() => kill(tooSlow(maxTokenizerMs)), maxTokenizerMs);
        break;
      default:
        answer = message;
    }
  });
  const done = new Promise<AddedModel>((resolve, reject) => {
    const settle = (how: string): void => {
      clearInterval(watch);
      clearTimeout(patience);
      killGroup(child);
      if (answer?.type === 'added') resolve(answer.added);
      else reject(errorOf(answer) ?? killedFor ?? diedAt(stage, how));
    };
    child.once('exit', (code, signal) => settle(signal ?? `code ${code ?? 'unknown'}`));
    child.on('error', (error) => {
      // A process that was never there does not exit.
      if (child.pid === undefined) settle(error.message);
    });
  });
  if (child.connected) child.send(request);
  return { done, cancel: () => kill(notAdded('it was cancelled')) };
}

/** Undefined where it gave no answer. */
function errorOf(answer: FromAdder | undefined): Error | undefined {
  switch (answer?.type) {
    case 'refused':
      return new ModelFolderError(answer.problems);
    case 'folder':
      return new FolderError(answer.code, answer.message);
    case 'unusable':
      return new ModelsError(answer.message, { detail: answer.detail });
    case 'failed':
      return new Error(answer.message);
    default:
      return undefined;
  }
}

function notAdded(why: string): ModelFolderError {
  return refused('', `the model was not added: ${why}`);
}

function tooSlow(maxMs: number): ModelFolderError {
  return refused(
    'tokenizer.json',
    `reading it and encoding a few texts took over ${maxMs / 1000} s and was stopped; ` +
      'look for patterns (Regex) that backtrack, or ask again when the host is less busy',
  );
}

function diedAt(stage: AddStage | undefined, how: string): ModelFolderError {
  if (stage !== 'tokenizer') return notAdded(`the process that checked it ended with ${how}`);
  return refused(
    'tokenizer.json',
    `the process that read it and encoded a few texts ended with ${how}; look for patterns (Regex) that backtrack`,
  );
}

/** By the files' sizes, whatever else they are. */
async function limitFor({ directory, within = '.' }: AddModelRequest): Promise<number> {
  const sizes = ['onnx/model.onnx', 'model.onnx', 'tokenizer.json'].map(async (file) => {
    try {
      return (await stat(path.resolve(within, directory, file))).size;
    } catch {
      // The process itself says what is missing.
      return 0;
    }
  });
  const [inner = 0, outer = 0, tokenizer = 0] = await Promise.all(sizes);
  return memoryLimitFor(inner || outer) + PER_TOKENIZER_BYTE * tokenizer;
}
