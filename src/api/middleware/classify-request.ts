/** What kind of work the call is, once: limits, shedding and the audit go by it. */
import { requestClass } from '../../core/access/request-class.ts';
import type { Call } from '../http/call.ts';

export function classify(c: Call): null {
  c.set('requestClass', requestClass(c.req.method, c.req.path));
  return null;
}
