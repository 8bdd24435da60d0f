/**
 * Reads a health response as its sender meant it, whatever the dialect: the plan's own (`status`,
 * `healthy`, `degraded`), IETF health+json (pass, warn, fail), Spring Boot (UP, DOWN,
 * OUT_OF_SERVICE), plain text and empty bodies.
 *
 * 2xx that cannot be read is healthy; 429 is degraded; any other non-2xx is a failed attempt.
 * Sources: draft-inadarei-api-health-check, Spring Boot Actuator, Kubernetes probes.
 */
import type { FailureDetail } from './health-state.ts';

export type HealthReading =
  | { readonly kind: 'passed'; readonly status: 'healthy' | 'degraded'; readonly details: string | null }
  | { readonly kind: 'failed'; readonly error: FailureDetail; readonly details: string | null };

const WORDS: ReadonlyMap<string, 'healthy' | 'degraded' | 'unhealthy'> = new Map([
  ...[
    'healthy',
    'pass',
    'passing',
    'passed',
    'ok',
    'okay',
    'up',
    'alive',
    'ready',
    'running',
    'good',
    'green',
    'success',
    'available',
    'online',
    'serving',
    'true',
  ].map((word) => [word, 'healthy'] as const),
  ...['degraded', 'warn', 'warning', 'partial', 'yellow', 'impaired', 'slow', 'unstable'].map(
    (word) => [word, 'degraded'] as const,
  ),
  ...[
    'unhealthy',
    'fail',
    'failed',
    'failing',
    'failure',
    'down',
    'error',
    'critical',
    'red',
    'out_of_service',
    'unavailable',
    'offline',
    'dead',
    'not_serving',
    'not_ready',
    'false',
  ].map((word) => [word, 'unhealthy'] as const),
]);

const STATUS_FIELDS = ['status', 'health', 'state', 'healthy', 'ok', 'degraded'] as const;
const MAX_DETAIL_LENGTH = 256;

/** Reads HTTP status and (at most 64 KiB of) body text into a verdict on one attempt. */
export function readHealthResponse(httpStatus: number, body: string): HealthReading {
  const said = readBody(body);
  const details = said.details;
  if (httpStatus === 429)
    return { kind: 'passed', status: 'degraded', details: details ?? 'HTTP 429: over its own limits' };
  if (httpStatus < 200 || httpStatus > 299) {
    const kind = httpStatus >= 300 && httpStatus < 400 ? 'a redirect, which is not followed' : 'not a success';
    return {
      kind: 'failed',
      error: { code: `HTTP_${httpStatus}`, message: `answered HTTP ${httpStatus}, ${kind}` },
      details,
    };
  }
  if (said.verdict === 'unhealthy') {
    return {
      kind: 'failed',
      error: {
        code: 'REPORTED_UNHEALTHY',
        message: `answered HTTP ${httpStatus} and calls itself ${details ?? 'unhealthy'}`,
      },
      details,
    };
  }
  return { kind: 'passed', status: said.verdict, details };
}

interface BodyReading {
  readonly verdict: 'healthy' | 'degraded' | 'unhealthy';
  readonly details: string | null;
}

const UNREADABLE: BodyReading = { verdict: 'healthy', details: null };

function readBody(body: string): BodyReading {
  const text = body.trim();
  if (text === '') return UNREADABLE;
  const first = text[0];
  if (first !== '{' && first !== '"' && first !== '[') return readWord(text) ?? UNREADABLE;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Not JSON after all: an unreadable 2xx is a component that answers, hence healthy.
    return UNREADABLE;
  }
  return readValue(document) ?? UNREADABLE;
}

function readValue(value: unknown): BodyReading | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return readWord(String(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const byLowerName = new Map(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner] as const));
  for (const field of STATUS_FIELDS) {
    const inner: unknown = byLowerName.get(field);
    if (inner === undefined) continue;
    if (field === 'degraded') {
      if (inner === true) return { verdict: 'degraded', details: 'degraded' };
      continue;
    }
    // Spring nests: { status: { code: "UP" } }; some nest the same word again.
    const nested = typeof inner === 'object' && inner !== null ? ((inner as { code?: unknown }).code ?? inner) : inner;
    const reading = readValue(nested);
    if (!reading) continue;
    const alsoDegraded = reading.verdict === 'healthy' && byLowerName.get('degraded') === true;
    return alsoDegraded ? { verdict: 'degraded', details: 'degraded' } : reading;
  }
  return undefined;
}

function readWord(text: string): BodyReading | undefined {
  const word = text
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
    .replace(/[.!]+$/, '');
  const verdict = WORDS.get(word);
  return verdict && { verdict, details: printable(text) };
}

/** At most 256 printable characters of foreign text, so that nothing else of it travels further. */
const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- the point is to drop control characters
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').slice(0, MAX_DETAIL_LENGTH);
