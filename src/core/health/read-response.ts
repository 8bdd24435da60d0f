/**
 * Reads a health response as its sender meant it, whatever the dialect: the plan's own (`status`,
 * `healthy`, `degraded`), IETF health+json (pass, warn, fail), Spring Boot (UP, DOWN,
 * OUT_OF_SERVICE), plain text and empty bodies.
 *
 * Of several fields the worst counts. 2xx that cannot be read is healthy; 429 is degraded; any other non-2xx is a failed attempt.
 * Sources: draft-inadarei-api-health-check, Spring Boot Actuator, Kubernetes probes.
 */
import { printable } from '../printable.ts';
import type { FailureDetail } from './health-state.ts';

export type HealthReading =
  | { readonly kind: 'passed'; readonly status: 'healthy' | 'degraded'; readonly details: string | null }
  | { readonly kind: 'failed'; readonly error: FailureDetail; readonly details: string | null };

type Verdict = 'healthy' | 'degraded' | 'unhealthy';

const WORDS_OF: Readonly<Record<Verdict, string>> = {
  healthy:
    'healthy pass passing passed ok okay up alive ready running good green success available online serving true',
  degraded: 'degraded warn warning partial yellow impaired slow unstable',
  unhealthy:
    'unhealthy fail failed failing failure down error critical red out_of_service unavailable service_unavailable ' +
    'offline dead unready notready false',
};

const WORDS: ReadonlyMap<string, Verdict> = new Map(
  (Object.keys(WORDS_OF) as Verdict[]).flatMap((verdict) =>
    WORDS_OF[verdict].split(' ').map((word) => [word, verdict] as const),
  ),
);

const BADNESS: Readonly<Record<Verdict, number>> = { healthy: 0, degraded: 1, unhealthy: 2 };

/** No word we know comes near it; what is longer is not looked at, so that no pattern runs over a whole body. */
const MAX_WORD_LENGTH = 64;
/** Objects within objects that are looked into. */
const MAX_DEPTH = 3;

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
  readonly verdict: Verdict;
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
  return readValue(document, 0) ?? UNREADABLE;
}

function readValue(value: unknown, depth: number): BodyReading | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return readWord(String(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth === MAX_DEPTH) return undefined;
  // A body that contradicts itself is believed where it says the worst.
  let worst: BodyReading | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const reading = readField(name.toLowerCase(), inner, depth + 1);
    if (reading && (!worst || BADNESS[reading.verdict] > BADNESS[worst.verdict])) worst = reading;
  }
  return worst;
}

function readField(name: string, value: unknown, depth: number): BodyReading | undefined {
  switch (name) {
    case 'status':
    case 'health':
    case 'state':
      return readValue(value, depth);
    case 'code':
      // Spring nests { status: { code: "UP" } }; at the top a code is no status.
      return depth > 1 ? readValue(value, depth) : undefined;
    case 'healthy':
    case 'ok':
      return readFlag(value, 'healthy', 'unhealthy') ?? readValue(value, depth);
    case 'degraded':
      return readFlag(value, 'degraded', 'healthy');
    default:
      return undefined;
  }
}

function readFlag(value: unknown, whenTrue: Verdict, whenFalse: Verdict): BodyReading | undefined {
  const said = typeof value === 'string' && value.length <= MAX_WORD_LENGTH ? value.trim().toLowerCase() : value;
  if (said === true || said === 1 || said === 'true') return { verdict: whenTrue, details: whenTrue };
  if (said === false || said === 0 || said === 'false') return { verdict: whenFalse, details: whenFalse };
  return undefined;
}

function readWord(text: string): BodyReading | undefined {
  if (text.length > MAX_WORD_LENGTH) return undefined;
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
    .replace(/[.!]+$/, '');
  const denied = word.startsWith('not_') && WORDS.get(word.slice(4)) === 'healthy';
  const verdict = denied ? 'unhealthy' : WORDS.get(word);
  return verdict && { verdict, details: printable(text) };
}
