/** Limits of the request URI: length and number of query parameters. */
import type { Call } from './call.ts';
import { problemResponse } from './problem.ts';

const MAX_URI_CHARACTERS = 8_192;
const MAX_PARAMETERS = 64;

export function limitUri(c: Call): Response | null {
  const { url } = c.req;
  if (url.length > MAX_URI_CHARACTERS) {
    return problemResponse(c, 'uri-too-long', {
      detail: `at most ${MAX_URI_CHARACTERS} characters, received ${url.length}`,
    });
  }
  const parameters = url.includes('?') ? url.split('&').length : 0;
  if (parameters > MAX_PARAMETERS) {
    const message = `at most ${MAX_PARAMETERS} query parameters, received ${parameters}`;
    return problemResponse(c, 'invalid-request', { errors: [{ path: '', message }] });
  }
  return null;
}
