/**
 * Headers that every answer of the Worker carries. Those of the page and its files stand in
 * `src/dashboard/public/_headers`: the platform serves them without asking the Worker.
 *
 * The list is made once; a handler that serves a page may set its own policy, which is kept.
 */
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';

/** What no answer of ours may use in a browser. */
const FEATURES = [
  'accelerometer',
  'autoplay',
  'camera',
  'displayCapture',
  'encryptedMedia',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'pictureInPicture',
  'publickeyCredentialsGet',
  'screenWakeLock',
  'serial',
  'usb',
  'webShare',
  'xrSpatialTracking',
] as const;

/** The contract changes with a deployment only. */
const CACHED_SECONDS = 300;

export const securityHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
  strictTransportSecurity: 'max-age=31536000; includeSubDomains',
  xFrameOptions: 'DENY',
  permissionsPolicy: Object.fromEntries(FEATURES.map((feature) => [feature, []])),
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  overwrite: false,
});

/** Nothing is kept by a cache on the way, except the contract for a while. */
export const cacheControl = createMiddleware(async (c, next) => {
  await next();
  const cached = c.req.path === '/openapi.json' && c.res.status === 200;
  c.res.headers.set('cache-control', cached ? `public, max-age=${CACHED_SECONDS}` : 'no-store');
});
