import type { CorpusEntity, CorpusSentence, EntityLabel } from './corpus.js';
import * as organisations from './organisations-and-events.js';
import { firstNames, lastNames } from './people.js';
import { places, regions, rivers, seas, type Place } from './places.js';
import { plainWords } from './plain-words.js';
import { pick, randomInteger, type Random } from '../random.js';

interface Context {
  random: Random;
  /** What the sentence has named already: nothing is named twice by chance. */
  used: Set<string>;
  people: Map<string, string>;
  places: Map<string, Place>;
}

const lists: Readonly<Record<string, readonly [EntityLabel | undefined, readonly string[]]>> = {
  company: ['ORG', organisations.companies],
  agency: ['ORG', organisations.agencies],
  group: ['ORG', organisations.groups],
  news: ['ORG', organisations.newsSources],
  body: ['ORG', organisations.bodies],
  party: ['ORG', organisations.parties],
  university: ['ORG', organisations.universities],
  club: ['ORG', organisations.clubs],
  usteam: ['ORG', organisations.americanTeams],
  event: ['MISC', organisations.events],
  tennis: ['MISC', organisations.tennisEvents],
  prize: ['MISC', organisations.prizes],
  work: ['MISC', organisations.works],
  faith: ['MISC', organisations.faiths],
  region: ['LOC', regions],
  river: ['LOC', rivers],
  sea: ['LOC', seas],
  alliance: ['ORG', organisations.alliances],
  race: ['MISC', organisations.cycleRaces],
};

const slot = /\{(\w+)(?:#(\w+))?(?::(\d+)-(\d+))?\}|\[([^\]]+)\]/g;

/** Fills every slot of a pattern; the same random numbers give the same sentence. */
export function fillPattern(pattern: string, random: Random): CorpusSentence {
  const context: Context = { random, used: new Set(), people: new Map(), places: new Map() };
  const entities: CorpusEntity[] = [];
  let text = '';
  let copied = 0;
  for (const match of pattern.matchAll(slot)) {
    text += pattern.slice(copied, match.index);
    copied = match.index + match[0].length;
    const [label, value] = fillSlot(match, context);
    if (/\b[aA] $/.test(text) && takesAn(value)) text = `${text.slice(0, -1)}n `;
    const start = Array.from(text).length;
    text += value;
    if (label) entities.push({ label, start, end: Array.from(text).length });
  }
  text += pattern.slice(copied);
  return { text, entities };
}

function fillSlot(match: RegExpExecArray, context: Context): [EntityLabel | undefined, string] {
  const [, kind, tag, min, max, choice] = match;
  if (choice !== undefined) return [undefined, pick(context.random, choice.split('|'))];
  if (kind === 'n')
    return [undefined, `${randomInteger(context.random, Number(min), Number(max))}`];
  if (kind === 'person') return ['PER', person(context, tag)];
  if (kind === 'surname')
    return ['PER', (context.people.get(tag ?? '') ?? '').replace(/^\S+ /, '')];
  if (kind === 'country') return ['LOC', place(context, tag).country];
  if (kind === 'nationality') return ['MISC', place(context, tag).adjective];
  if (kind === 'city') return ['LOC', city(context, tag)];
  const plain = plainWords[kind ?? ''];
  if (plain) return [undefined, pick(context.random, plain)];
  const list = lists[kind ?? ''];
  if (!list) throw new Error(`no list for the slot ${match[0]}`);
  return [list[0], unused(context, () => pick(context.random, list[1]))];
}

function person(context: Context, tag: string | undefined): string {
  const { random } = context;
  const name = unused(context, () => `${pick(random, firstNames)} ${pick(random, lastNames)}`);
  if (tag) context.people.set(tag, name);
  return name;
}

function place(context: Context, tag: string | undefined): Place {
  const known = tag && context.places.get(tag);
  if (known) return known;
  const country = unused(context, () => pick(context.random, places).country);
  const found = places.find((candidate) => candidate.country === country)!;
  if (tag) context.places.set(tag, found);
  return found;
}

function city(context: Context, tag: string | undefined): string {
  const { cities } = place(context, tag);
  return unused(context, () => pick(context.random, cities));
}

function unused(context: Context, draw: () => string): string {
  for (;;) {
    const value = draw();
    if (context.used.has(value)) continue;
    context.used.add(value);
    return value;
  }
}

function takesAn(word: string): boolean {
  return /^[AEIOaeioÅ]/.test(word) && !word.startsWith('Eu');
}
