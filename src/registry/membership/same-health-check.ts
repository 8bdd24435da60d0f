/** Whether a check of one registration says anything about another of the same component. */
import type { Registration } from '../../core/component/registration.ts';

export const isSameHealthCheck = (a: Registration, b: Registration): boolean =>
  a.endpoint === b.endpoint && JSON.stringify(a.healthCheck) === JSON.stringify(b.healthCheck);
