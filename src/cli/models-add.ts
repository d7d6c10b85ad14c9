import { readFile } from 'node:fs/promises';
import { startAddModel } from '../building/start-add-model.js';
import { ModelFolderError } from '../building/model-folder-error.js';
import { MAX_SENTENCE_CHARS, MAX_SENTENCES, type Card } from '../registry/card.js';
import { FolderError } from '../registry/folder-error.js';
import { ModelsError } from '../registry/read-models.js';
import { CliError, EXIT, usageError } from './cli-error.js';
import { describeFlags, Flags, type FlagSpec } from './flags.js';
import { modelsDirOf, modelsFlag } from './job-flags.js';

const addFlags = {
  name: { value: 'NAME', help: "of the new variant (the folder's name)" },
  ...modelsFlag,
  tagging: {
    value: 'iob1|iob2',
    help: 'how B- and I- are meant (found out from what the model answers)',
  },
  sentences: {
    value: 'FILE',
    help: 'a text a line: its answers are how the model and what is made of it are checked\n(about 300 on persons, places and organisations in twelve languages)',
  },
  help: { help: 'print this text' },
} as const satisfies Record<string, FlagSpec>;

const HELP = `npm run models:add -- DIR [--name NAME] [--models DIR] [flags]

Takes a tagger that you have trained or downloaded into the models folder, which is made if there is
none. DIR has onnx/model.onnx or model.onnx, config.json with id2label, tokenizer.json, and perhaps
tokenizer_config.json. A gateway serves it from its next start.

${describeFlags(addFlags)}

Exit codes: 0 done; 1 the model is refused or it could not be done; 2 the command line is wrong;
130 interrupted. Only 0 changes the models folder.`;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, addFlags);
  if (flags.has('help')) {
    console.log(HELP);
    return;
  }
  const [directory, ...more] = flags.positionals;
  if (directory === undefined || more.length > 0) {
    throw usageError('say which folder, one at a time (see --help)');
  }
  const running = startAddModel({
    directory,
    modelsDir: modelsDirOf(flags),
    name: flags.text('name'),
    tagging: taggingOf(flags.text('tagging')),
    sentences: await sentencesOf(flags.text('sentences')),
  });
  const cancel = (): void => {
    process.exitCode = EXIT.interrupted;
    running.cancel();
  };
  for (const signal of SIGNALS) process.on(signal, cancel);
  const { card } = await running.done;
  console.log(report(card));
}

function taggingOf(text: string | undefined): Card['tagging'] {
  if (text === undefined || text === 'iob1' || text === 'iob2') return text;
  throw usageError(`--tagging takes iob1 or iob2, not "${text}"`);
}

async function sentencesOf(file: string | undefined): Promise<string[] | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'it is not UTF-8';
    throw usageError(`--sentences: the file cannot be read (${why})`);
  }
  const sentences = [...new Set(text.split(/\r?\n/).filter((line) => line.trim() !== ''))];
  if (sentences.length === 0) throw usageError('--sentences: the file has no text');
  if (sentences.length > MAX_SENTENCES) {
    throw usageError(
      `--sentences: the file has ${sentences.length} texts; at most ${MAX_SENTENCES} are taken`,
    );
  }
  const tooLong = sentences.find((text) => text.length > MAX_SENTENCE_CHARS);
  if (tooLong !== undefined) {
    throw usageError(
      `--sentences: the text that begins with "${tooLong.slice(0, 40)}" has ${tooLong.length} characters; at most ${MAX_SENTENCE_CHARS} are taken`,
    );
  }
  return sentences;
}

/** Below this, agreement on the reference sentences says little. */
const FEW_ENTITIES = 100;

function report(card: Card): string {
  const { name, labels, inputs, tagging, reference, sizeBytes } = card;
  const found = reference.reduce((sum, { entities }) => sum + entities.length, 0);
  const lines = [
    `added ${name}: ${(sizeBytes / 1e6).toFixed(1)} MB, ${labels.length} labels, windows of ${inputs.maxLength} tokens`,
    `it finds ${found} entities in ${reference.length} reference sentences`,
  ];
  if (tagging === 'iob1')
    lines.push('its spans begin with I- (iob1); --tagging iob2 says otherwise');
  if (!labels.includes('O')) lines.push('note: no label is O, so that every word is an entity');
  if (found < FEW_ENTITIES) {
    lines.push(
      'note: that is few; with --sentences FILE, texts of its own field check it and what is made of it better',
    );
  }
  return lines.join('\n');
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof FolderError) return error.isOfHost ? EXIT.failed : EXIT.usage;
  const isExpected = error instanceof ModelFolderError || error instanceof ModelsError;
  return isExpected ? EXIT.failed : undefined;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const exitCode = exitCodeOf(error);
  // What nobody expected needs its stack.
  if (exitCode === undefined) throw error;
  console.error((error as Error).message);
  process.exitCode ??= exitCode;
}
