import { errors } from '../errors.js';
import { VARIANT_NAME } from '../names.js';
import { pathParameter } from './route.js';
import type { Exchange } from './exchange.js';

/** The variant that a path names as `{name}`. Throws not_found where none can have that name. */
export function variantParameter(exchange: Exchange): string {
  const name = pathParameter(exchange, 'name');
  if (VARIANT_NAME.test(name)) return name;
  throw errors.notFound('There is no variant of that name.');
}
