import { errors } from '../errors.js';

/** Fields of `POST /ner` that are numbers; in a query everything is a string. */
const NUMBERS = new Set(['latency_budget_ms', 'max_error_probability', 'min_f1', 'threshold']);
const NUMBER = /^\d{1,9}(\.\d{1,9})?$/;
const LIST = 'labels';
const TEXTS = ['text', 'texts'];

/** Fields of `POST /ner` that hold for the lines which do not say otherwise. */
export type StreamDefaults = Readonly<Record<string, unknown>>;

/**
 * The fields in the query of a stream's URL, with the types that the schema expects, which is yet to check them. Throws
 * validation_failed for texts and for what is there twice.
 */
export function streamDefaults(url: string): StreamDefaults {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  const fields: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (TEXTS.includes(name)) throw wrong(name, 'texts come in the lines of the body');
    if (name === LIST) fields[name] = values.flatMap((value) => value.split(','));
    else if (values.length > 1) throw wrong(name, 'it is there twice');
    else fields[name] = valueOf(name, values[0]!);
  }
  return fields;
}

/** A line's fields over the defaults. A budget and a tier exclude each other, so either of a line takes the place of both. */
export function withDefaults(line: object, defaults: StreamDefaults): Record<string, unknown> {
  const { latency_budget_ms, tier, ...others } = defaults;
  const namesBudget = 'latency_budget_ms' in line || 'tier' in line;
  const budget = {
    ...(latency_budget_ms !== undefined && { latency_budget_ms }),
    ...(tier !== undefined && { tier }),
  };
  return { ...others, ...(namesBudget ? {} : budget), ...line };
}

function valueOf(name: string, value: string): string | number {
  return NUMBERS.has(name) && NUMBER.test(value) ? Number(value) : value;
}

function wrong(name: string, detail: string): Error {
  return errors.validationFailed([{ pointer: `/${name}`, detail }]);
}
