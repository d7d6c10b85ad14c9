import type { EntityLabel } from '../corpus/corpus.js';
import type { Entity } from '../score.js';
import type { EncodedText } from '../../src/ner/encoded-text.js';
import { toUnit } from '../../src/ner/offset-units.js';

export const allLabels: readonly EntityLabel[] = ['PER', 'ORG', 'LOC', 'MISC'];

/** What every side tells apart. MISC has no counterpart in OntoNotes that means the same things. */
export const sharedLabels: readonly EntityLabel[] = ['PER', 'ORG', 'LOC'];

/** spaCy's English models know the types of OntoNotes; these are CoNLL's persons, organisations and places. */
const ofOntoNotes: Readonly<Record<string, EntityLabel>> = {
  PERSON: 'PER',
  ORG: 'ORG',
  GPE: 'LOC',
  LOC: 'LOC',
  FAC: 'LOC',
};

/** spaCy's entities of the shared types under our labels; nationalities, dates, numbers and so on are left out. */
export function entitiesOfSpacy(entities: readonly Entity[]): Entity[] {
  return entities.flatMap(({ label, start, end }) => {
    const ours = ofOntoNotes[label];
    return ours === undefined ? [] : [{ label: ours, start, end }];
  });
}

/** A token as transformers.js answers it: no offsets, and none at all where the label is O. */
export interface LabelledToken {
  entity: string;
  /** Place among the tokens of the text; [CLS] is 0. */
  index: number;
}

/**
 * Entities of labelled tokens, offsets in code points, as a caller has to make them who wants spans: a token goes on
 * with the entity of the token before it where its label is I- of the same type, anything else begins an entity.
 */
export function entitiesOfTokens(
  tokens: readonly LabelledToken[],
  encoded: Pick<EncodedText, 'text' | 'starts' | 'ends'>,
): Entity[] {
  const spans: { label: string; start: number; end: number }[] = [];
  let previous: { index: number; label: string } | undefined;
  for (const { entity, index } of tokens) {
    const [prefix, label = ''] = entity.split('-');
    const start = encoded.starts[index - 1];
    const end = encoded.ends[index - 1];
    if (start === undefined || end === undefined) continue;
    const goesOn = prefix === 'I' && previous?.label === label && previous.index === index - 1;
    if (goesOn) spans.at(-1)!.end = end;
    else spans.push({ label, start, end });
    previous = { index, label };
  }
  const ranges = toUnit(encoded.text, spans, 'codepoint');
  return spans.map(({ label }, place) => ({ label, ...ranges[place]! }));
}
