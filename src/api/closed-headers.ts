/**
 * Headers that close an answer to browsers: no scripts, no frames, no features, no caches on the way.
 *
 * @see https://owasp.org/www-project-secure-headers/
 */

import type { Context, TypedResponse } from 'hono';
import type { AppEnv } from './app-env.ts';

/** What no answer of ours may use in a browser. */
const FEATURES = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'web-share',
  'xr-spatial-tracking',
];

export const CLOSED_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', FEATURES.map((feature) => `${feature}=()`).join(', ')],
  ['referrer-policy', 'no-referrer'],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

const JSON_HEADERS = new Headers([
  ['content-type', 'application/json'],
  ...CLOSED_HEADERS.map((each) => [...each] as [string, string]),
]);

/**
 * A JSON answer that is closed from the start: taking ready headers over costs a third of setting each of them, which
 * counts where thousands are answered a second.
 */
export function closedJson<T>(c: Context<AppEnv>, body: T): TypedResponse<T, 200, 'json'> {
  const response = new Response(JSON.stringify(body), { headers: JSON_HEADERS });
  response.headers.set('x-request-id', c.get('requestId'));
  return response as unknown as TypedResponse<T, 200, 'json'>;
}
