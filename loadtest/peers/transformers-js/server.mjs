// The peer of `npm run bench`: Express with the token-classification pipeline, as its own documentation shows it.
// node server.mjs PORT MODELS_DIR NAME DTYPE [THREADS]
import { env, pipeline } from '@huggingface/transformers';
import express from 'express';

const [port, modelsDir, name, dtype, threads] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = modelsDir;

const classifier = await pipeline('token-classification', name, {
  dtype,
  local_files_only: true,
  ...(threads && { session_options: { intraOpNumThreads: Number(threads) } }),
});

const app = express();
app.use(express.json());
app.get('/readyz', (_request, response) => response.json({ ready: true }));
app.post('/ner', async (request, response) => {
  response.json({ entities: await classifier(request.body.text) });
});
app.listen(Number(port), '127.0.0.1');
