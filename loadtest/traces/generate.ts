import { writeFileSync } from 'node:fs';
import { formatTrace, generateTraces } from './generate-traces.js';

// Run from the repository root: npx tsc -p tsconfig.test.json && node build/loadtest/traces/generate.js
for (const [name, requests] of Object.entries(generateTraces())) {
  const file = `loadtest/traces/${name}`;
  writeFileSync(file, formatTrace(requests));
  console.log(`${requests.length} seconds in ${file}`);
}
