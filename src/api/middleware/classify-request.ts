/** Sets the request class, on which rate limits, load shedding and the audit flush depend. */
import { requestClass } from '../../core/access/request-class.ts';
import type { Call } from '../http/call.ts';

export function classify(c: Call): null {
  c.set('requestClass', requestClass(c.req.method, c.req.path));
  return null;
}
