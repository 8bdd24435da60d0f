/**
 * Security headers of responses: no scripts, no frames, no browser features, no caching.
 *
 * @see https://owasp.org/www-project-secure-headers/
 */

/** Browser features that Permissions-Policy denies. */
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

const CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', CONTENT_POLICY],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', FEATURES.map((feature) => `${feature}=()`).join(', ')],
  ['referrer-policy', 'no-referrer'],
  ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

/** The subset for responses to POST requests of programs. The other headers concern documents in browsers. */
export const TRAFFIC_PATH_HEADERS = {
  'cache-control': 'no-store',
  'content-type': 'application/json',
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
} as const;
