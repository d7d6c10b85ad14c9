import { writeFileSync } from 'node:fs';
import { corpusPath } from './corpus.js';
import { generateCorpus } from './generate-corpus.js';

// Run from the repository root: npx tsc -p tsconfig.test.json && node build/loadtest/corpus/generate.js
const lines = generateCorpus().map((sentence) => `${JSON.stringify(sentence)}\n`);
writeFileSync(corpusPath, lines.join(''));
console.log(`${lines.length} sentences in ${corpusPath}`);
