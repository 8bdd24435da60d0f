/** What kind of work the call is, once: limits, shedding and the audit go by it. */
import { requestClass } from '../../core/access/request-class.ts';
import type { Guard } from '../guard.ts';

export const classify: Guard = (c) => {
  c.set('requestClass', requestClass(c.req.method, c.req.path));
  return null;
};
