import type { Flag, FlagSpec } from './flags.js';

/** The flags of a command, one a line, with what they default to. */
export function describeFlags(spec: FlagSpec): string {
  const heads = Object.entries(spec).map(([name, flag]) => `  --${name}${placeholder(flag)}`);
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  const lines = Object.values(spec).map(
    (flag, index) => heads[index]!.padEnd(width) + flag.help + defaultOf(flag),
  );
  return lines.join('\n');
}

function placeholder(flag: Flag): string {
  switch (flag.kind) {
    case 'switch':
      return '';
    case 'number':
      return ' N';
    case 'numbers':
      return ' N,N';
    case 'text':
      return ' X';
    case 'choice':
      return ` ${flag.options.join('|')}`;
    case 'texts':
      return ' X,Y';
  }
}

function defaultOf(flag: Flag): string {
  if (flag.kind === 'switch' || flag.default === undefined) return '';
  return ` [${Array.isArray(flag.default) ? flag.default.join(',') : String(flag.default)}]`;
}
