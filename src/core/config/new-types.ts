/** Rule for types that are not configured: whether the first registration in one may add it. */
import type { Failure } from '../result.ts';
import { fail } from '../result.ts';
import { typeNames } from './component-types.ts';
import type { ConfigDocuments } from './config-documents.ts';
import { configOf, settingsIn } from './system-config.ts';

/** Events and the audit log use this name for the document of all types. */
export const RESERVED_TYPE = 'global';

/** Refuses a registration that would add the type; null if it may. The message says how a type is added. */
export function refuseNewType(
  documents: ConfigDocuments,
  type: string,
  mayAdd: boolean,
): Failure<'unknown-type'> | null {
  if (type === RESERVED_TYPE) return fail('unknown-type', `${RESERVED_TYPE} is reserved and cannot name a type`);
  const { newTypes } = configOf(settingsIn(documents.global.document));
  if (newTypes === 'create' && mayAdd) return null;
  const types = typeNames(documents).join(', ');
  const message = `there is no component type ${type}: PUT /v1/config/types/${type} adds it. The types are ${types}`;
  return fail('unknown-type', message);
}
