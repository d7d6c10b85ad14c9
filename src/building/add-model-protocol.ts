/** The messages between whoever wants a model added and the process that does it. */

import type { FolderErrorCode } from '../registry/folder-error.js';
import type { AddedModel, AddModelOptions, AddStage } from './add-model.js';
import type { ModelProblem } from './model-folder-error.js';

export type AddModelRequest = Omit<AddModelOptions, 'onWorker' | 'onStage'>;

export type FromAdder =
  | { readonly type: 'worker'; readonly pid: number }
  /** What it is at from now on. */
  | { readonly type: 'stage'; readonly stage: AddStage }
  | { readonly type: 'added'; readonly added: AddedModel }
  | { readonly type: 'refused'; readonly problems: readonly ModelProblem[] }
  | { readonly type: 'folder'; readonly code: FolderErrorCode; readonly message: string }
  /** Manifest or lock of the models folder; `detail` names no path. */
  | { readonly type: 'unusable'; readonly message: string; readonly detail: string }
  | { readonly type: 'failed'; readonly message: string };
