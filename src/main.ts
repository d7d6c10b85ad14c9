import { existsSync, readFileSync } from 'node:fs';
import { createApp } from './app.js';
import { configHelp, printableConfig } from './config-help.js';
import { ConfigError, loadConfig } from './config.js';
import { StopTimeoutError, stopInOrder } from './stop-in-order.js';
import { createLogger } from './telemetry/logger.js';
import type { App, ReadySummary } from './app.js';
import type { Config } from './config.js';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/** `.930`, as F1 is usually written; `unknown` where nobody has measured it. */
function f1(quality: number | undefined): string {
  return quality?.toFixed(3).replace(/^0/, '') ?? 'unknown';
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** One line for people, then what they must know beside it. All in one write, so that a reader of the line has it all. */
function printReady({ url, variants, failed, ...summary }: ReadySummary): void {
  const names = variants.map(({ name, quality }) => `${name} (F1 ${f1(quality)})`).join(', ');
  const { workers, threads, provider, providerDetail } = summary;
  const layout = `${plural(workers, 'worker')} x ${plural(threads, 'thread')}, ${provider}`;
  const lines = [
    `entier is ready on ${url} - variants: ${names} - ${layout}`,
    ...(providerDetail === undefined ? [] : [`note: ${providerDetail}`]),
    ...failed.map(({ name, detail }) => `warning: ${name} is not served: ${detail}`),
  ];
  console.log(lines.join('\n'));
}

/** The first signal drains, the second ends the process at once. Returns whether a signal came. */
function drainOnSignals(app: App): () => boolean {
  let draining = false;
  const onSignal = (signal: keyof typeof SIGNAL_NUMBERS): void => {
    if (draining) process.exit(128 + SIGNAL_NUMBERS[signal]);
    draining = true;
    stopInOrder(app).then(
      () => process.exit(0),
      (error: unknown) => fail(error, { exitCode: 1, debug: !(error instanceof StopTimeoutError) }),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => draining;
}

/** One sentence for the operator; the stack only where somebody debugs. */
function fail(error: unknown, { exitCode, debug }: { exitCode: number; debug: boolean }): never {
  const known = error instanceof Error ? error : new Error(String(error));
  console.error(`entier: ${known.message}`);
  if (debug) console.error(known.stack);
  process.exit(exitCode);
}

async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);
  const app = await createApp({ config, logger });
  const isDraining = drainOnSignals(app);
  await app.listen();
  try {
    printReady(await app.ready());
  } catch (error) {
    // A signal during the start ends the workers under it: that is no failure.
    if (!isDraining()) throw error;
  }
}

function readConfig(): Config {
  try {
    return loadConfig({
      env: process.env,
      readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
    });
  } catch (error) {
    return fail(error, { exitCode: EXIT_CONFIG, debug: !(error instanceof ConfigError) });
  } finally {
    // Processes that read model files inherit the environment, and have no use for the key.
    delete process.env.ENTIER_ADMIN_KEY;
  }
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== '--help' && arg !== '--print-config');
  if (unknown !== undefined) {
    fail(new Error(`there is no option ${unknown}; see --help`), {
      exitCode: EXIT_CONFIG,
      debug: false,
    });
  }
  if (args.includes('--help')) {
    console.log(configHelp());
    return;
  }
  const config = readConfig();
  if (args.includes('--print-config')) {
    console.log(printableConfig(config));
    return;
  }
  try {
    await serve(config);
  } catch (error) {
    fail(error, { exitCode: 1, debug: ['debug', 'trace'].includes(config.logLevel) });
  }
}

await main(process.argv.slice(2));
