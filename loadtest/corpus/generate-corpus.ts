import { clausePatterns, joiners } from './clause-patterns.js';
import { wordTokens, type CorpusSentence } from './corpus.js';
import { fillPattern } from './fill-pattern.js';
import { sentencePatterns } from './sentence-patterns.js';
import { pick, randomInteger, seededRandom, shuffle, type Random } from '../random.js';

const minTokens = 8;
const maxTokens = 120;
/** How many sentences of each make: most short, some of two clauses, some of many. */
const makes = { simple: 560, twoClauses: 90, manyClauses: 90 };

/** The corpus of the load tests: distinct sentences, the same for the same seed, lengths mixed. */
export function generateCorpus(seed = 20_031): CorpusSentence[] {
  const random = seededRandom(seed);
  const sentences = new Map<string, CorpusSentence>();
  const add = (wanted: number, make: (index: number) => CorpusSentence): void => {
    const target = sentences.size + wanted;
    for (let index = 0; sentences.size < target; index++) {
      const sentence = make(index);
      const tokens = wordTokens(sentence.text).length;
      const words = sentence.text.split(' ').length;
      if (words >= minTokens && tokens <= maxTokens) sentences.set(sentence.text, sentence);
    }
  };
  const rotation = shuffle(random, sentencePatterns);
  add(makes.simple, (index) => fillPattern(rotation[index % rotation.length]!, random));
  add(makes.twoClauses, () => joinClauses(2, random));
  add(makes.manyClauses, () => joinClauses(randomInteger(random, 3, 8), random));
  return shuffle(random, [...sentences.values()]);
}

/** One sentence of several clauses on one topic, each clause used at most once. */
function joinClauses(count: number, random: Random): CorpusSentence {
  const topic = pick(random, Object.values(clausePatterns));
  const clauses = shuffle(random, topic).slice(0, count);
  const links = shuffle(random, joiners);
  const pattern = clauses
    .map((clause, index) => (index === 0 ? '' : links[index]!) + retag(clause, index))
    .join('');
  const { text, entities } = fillPattern(`${pattern}.`, random);
  return { text: text.charAt(0).toUpperCase() + text.slice(1), entities };
}

/** Gives the tags of a clause the clause's number, so that clauses do not share people and places. */
function retag(clause: string, index: number): string {
  return clause.replace(/#(\w)/g, (_, tag: string) => `#${tag}${index}`);
}
