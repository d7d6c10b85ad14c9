/** The messages between whoever wants a model added and the process that does it. */

import type { Card } from '../registry/card.js';
import type { FolderErrorCode } from '../registry/models-folder.js';
import type { AddModelOptions } from './add-model.js';
import type { ModelProblem } from './model-folder-error.js';

export type AddModelRequest = Omit<AddModelOptions, 'onWorker'>;

export type FromAdder =
  | { readonly type: 'worker'; readonly pid: number }
  | { readonly type: 'added'; readonly card: Card }
  | { readonly type: 'refused'; readonly problems: readonly ModelProblem[] }
  | { readonly type: 'folder'; readonly code: FolderErrorCode; readonly message: string }
  /** Manifest or lock of the models folder. */
  | { readonly type: 'unusable'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };
