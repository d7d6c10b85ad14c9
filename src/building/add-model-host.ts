/** Runs inside a process of its own. Never import it from the gateway. */

import { LockedError } from '../registry/folder-lock.js';
import { ModelsError } from '../registry/read-models.js';
import { FolderError } from '../registry/folder-error.js';
import { addModel, type AddStage } from './add-model.js';
import type { AddModelRequest, FromAdder } from './add-model-protocol.js';
import { ModelFolderError } from './model-folder-error.js';

function send(message: FromAdder): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

function messageOf(error: unknown): FromAdder {
  if (error instanceof ModelFolderError) return { type: 'refused', problems: error.problems };
  const { message } = error as Error;
  if (error instanceof FolderError) return { type: 'folder', code: error.code, message };
  if (error instanceof ModelsError) return { type: 'unusable', message, detail: error.detail };
  if (error instanceof LockedError) return { type: 'unusable', message, detail: message };
  return { type: 'failed', message };
}

async function run(request: AddModelRequest): Promise<void> {
  try {
    const onWorker = (pid: number): void => void send({ type: 'worker', pid });
    const onStage = (stage: AddStage): Promise<void> => send({ type: 'stage', stage });
    const added = await addModel({ ...request, onWorker, onStage });
    await send({ type: 'added', added });
  } catch (error) {
    await send(messageOf(error));
  }
  process.disconnect();
}

process.on('message', (request: AddModelRequest) => void run(request));
// A terminal's Ctrl-C may reach it; who started it decides when it goes.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without the one who asked there is nobody to add it for.
process.on('disconnect', () => process.exit(0));
