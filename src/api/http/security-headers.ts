/**
 * Headers that close an answer to browsers: no scripts, no frames, no features, no caches on the way.
 *
 * @see https://owasp.org/www-project-secure-headers/
 */

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

/**
 * The ones of them that an answer to a program's POST carries: the others speak to browsers about documents, and
 * no cache keeps such an answer (RFC 9111 section 3).
 */
export const TRAFFIC_PATH_HEADERS = {
  'content-type': 'application/json',
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
} as const;
