import { HealthBody } from '../../../src/core/health/response/health-body.ts';

/** A whole body that arrived as one piece. */
export function bodyOf(text: string): HealthBody {
  const body = new HealthBody();
  body.push(text);
  return body;
}
