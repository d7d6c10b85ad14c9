import { cardInWords } from '../building/card-recipe.js';
import type { Card } from '../registry/card.js';
import { ModelsFolder } from '../registry/models-folder.js';
import { describeQuality, megabytes } from './build-report.js';
import { Flags, type FlagSpec } from './flags.js';
import { modelsDirOf, modelsFlag, noPositionals } from './job-flags.js';

export const listFlags = modelsFlag satisfies Record<string, FlagSpec>;

const HEADER = ['name', 'parent', 'recipe', 'quality', 'size', 'sha256', '32 tokens', 'at start'];
/** Columns of figures, which stand to the right. */
const RIGHT = new Set([3, 4, 6]);

/** Prints a table of the variants that the manifest lists. */
export async function listCommand(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, listFlags);
  noPositionals(flags);
  const listed = await new ModelsFolder(modelsDirOf(flags)).list();
  const rows = listed.map(({ name, retired, card }) => {
    if ('name' in card) return [...rowOf(card), retired ? 'retired, a parent only' : 'loaded'];
    return [name, '', card.problem.split('\n')[0]!, '', '', '', '', 'failed'];
  });
  console.log(tableOf([HEADER, ...rows]));
}

function rowOf(card: Card): string[] {
  return [
    card.name,
    card.parent ?? '-',
    cardInWords(card),
    describeQuality(card),
    megabytes(card.sizeBytes),
    card.sha256.slice(0, 12),
    typicalMs(card),
  ];
}

/** What its maker measured; another host takes another time. */
function typicalMs({ latency }: Card): string {
  const ms = (latency?.ms as Record<string, unknown> | undefined)?.['1x32'];
  return typeof ms === 'number' ? `${ms.toFixed(2)} ms` : '-';
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (RIGHT.has(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
