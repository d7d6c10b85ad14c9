import { readFileSync } from 'node:fs';
import type { RateProfile } from './rate-profile.js';

/** Requests per second over consecutive seconds. */
export interface Trace {
  firstSecond: number;
  requests: number[];
}

/** A trace that is not one; the message names file, line, and what was expected there. */
export class TraceError extends Error {}

const heading = 'second,requests';

/** Reads a CSV trace; throws TraceError. */
export function readTrace(file: string): Trace {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new TraceError(`${file} ${reason}; a trace is a CSV file with the heading "${heading}"`, {
      cause: error,
    });
  }
  return parseTrace(content, file);
}

/** One line per second, in order, without gaps, behind a heading; `file` begins the message of every error. */
export function parseTrace(content: string, file: string): Trace {
  const lines = content.replace(/^\ufeff/, '').split(/\r?\n/);
  while (lines.length > 1 && lines.at(-1)!.trim() === '') lines.pop();
  if (lines[0]!.trim() !== heading) {
    throw wrongLine({ file, line: 1, expected: `the heading "${heading}"`, found: lines[0]! });
  }
  if (lines.length === 1) {
    throw wrongLine({ file, line: 2, expected: 'a second and its requests, such as "0,12"' });
  }
  const requests: number[] = [];
  let firstSecond = 0;
  for (const [index, text] of lines.entries()) {
    if (index === 0) continue;
    const where = { file, line: index + 1, found: text };
    const cells = text.split(',').map((cell) => cell.trim());
    const [second, count] = cells.map((cell) => (cell === '' ? NaN : Number(cell)));
    if (cells.length !== 2 || !Number.isInteger(second) || !Number.isFinite(count) || count! < 0) {
      const expected = 'a whole second and a number of requests of 0 or more, such as "0,12"';
      throw wrongLine({ ...where, expected });
    }
    if (index === 1) firstSecond = second!;
    const due = firstSecond + index - 1;
    if (second !== due) {
      throw wrongLine({ ...where, expected: `second ${due}, one line per second without gaps` });
    }
    requests.push(count!);
  }
  return { firstSecond, requests };
}

interface Window {
  fromSecond: number | undefined;
  seconds: number | undefined;
}

/** A part of a trace; throws TraceError where the trace does not have it, or nothing arrives there. */
export function cutTrace(trace: Trace, { fromSecond, seconds }: Window): Trace {
  const { firstSecond, requests } = trace;
  const from = fromSecond ?? firstSecond;
  const end = firstSecond + requests.length;
  const until = seconds === undefined ? end : from + seconds;
  if (from < firstSecond || from >= end || until > end) {
    throw new TraceError(
      `the trace has the seconds ${firstSecond} to ${end - 1}, not all of ${from} to ${until - 1}: change --from or --seconds`,
    );
  }
  const cut = requests.slice(from - firstSecond, until - firstSecond);
  if (cut.every((count) => count === 0)) {
    throw new TraceError(`the seconds ${from} to ${until - 1} of the trace have no requests`);
  }
  return { firstSecond: from, requests: cut };
}

/** The trace as rates, multiplied by `scale`: a second's requests come at random instants of it, on average so many. */
export function traceProfile({ requests }: Trace, scale: number): RateProfile {
  return requests.map((count) => ({ seconds: 1, perSecond: count * scale }));
}

function wrongLine(options: {
  file: string;
  line: number;
  expected: string;
  found?: string;
}): TraceError {
  const { file, line, expected, found } = options;
  const instead = found === undefined ? 'the file ends there' : `found "${found.slice(0, 80)}"`;
  return new TraceError(`${file}:${line}: expected ${expected}; ${instead}`);
}
