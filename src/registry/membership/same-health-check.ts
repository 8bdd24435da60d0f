/** Whether a check result for one registration of a component is valid for the other. */
import type { Registration } from '../../core/component/registration.ts';
import { isSameJson } from '../../core/is-same-json.ts';

export const isSameHealthCheck = (a: Registration, b: Registration): boolean =>
  a.endpoint === b.endpoint && isSameJson(a.healthCheck, b.healthCheck);
