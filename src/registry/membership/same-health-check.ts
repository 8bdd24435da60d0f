/** Whether a check result for one registration of a component is valid for the other. */
import type { Registration } from '../../core/component/registration.ts';

export const isSameHealthCheck = (a: Registration, b: Registration): boolean =>
  a.endpoint === b.endpoint && JSON.stringify(a.healthCheck) === JSON.stringify(b.healthCheck);
