import { ModelError } from '../compress/compress-error.js';
import { describeModel, type ModelDescription } from '../compress/describe-model.js';
import type { TextTokenizer } from '../ner/tokenizer.js';
import type { ForeignConfig } from './foreign-config.js';
import type { ModelFolder } from './model-folder.js';
import { refused } from './model-folder-error.js';

const FED = ['input_ids', 'attention_mask', 'token_type_ids'];
const NEEDED = ['input_ids', 'attention_mask'];

/**
 * Checks a graph that nobody has checked, before onnxruntime sees it: that it is a plain one of known operators, and
 * that it takes what the gateway feeds. Throws ModelFolderError.
 */
export function checkGraph(
  { model, modelFile }: Pick<ModelFolder, 'model' | 'modelFile'>,
  { vocabularySize }: Pick<ForeignConfig, 'vocabularySize'>,
  { largestId }: Pick<TextTokenizer, 'largestId'>,
): ModelDescription {
  const wrong = (detail: string, cause?: unknown): Error => refused(modelFile, detail, cause);
  let graph: ModelDescription;
  try {
    graph = describeModel(model);
  } catch (error) {
    if (error instanceof ModelError) throw wrong(error.message, error);
    throw error;
  }
  const unknown = graph.inputs.filter((name) => !FED.includes(name));
  if (unknown.length > 0) {
    throw wrong(
      `it has the input ${JSON.stringify(unknown[0]!.slice(0, 80))}; the gateway feeds ${FED.join(', ')} and no others`,
    );
  }
  const missing = NEEDED.find((name) => !graph.inputs.includes(name));
  if (missing !== undefined) throw wrong(`it has no input ${missing}; export it with one`);
  if (graph.outputs.length !== 1 && !graph.outputs.includes('logits')) {
    throw wrong(
      `it has ${graph.outputs.length} outputs and none named logits; name that output so`,
    );
  }
  // The table itself where it was recognised; fused ones are as large as the configuration says.
  const rows = graph.words?.rows ?? vocabularySize;
  if (rows !== undefined && largestId >= rows) {
    throw refused(
      'tokenizer.json',
      `its largest id is ${largestId}, but the model knows ${rows} tokens; they are not of one model`,
    );
  }
  return graph;
}
