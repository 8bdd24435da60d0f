/**
 * Reads the health statement from a response body, JSON or text. Ignores the content type, which is often missing or
 * wrong. An unreadable body contains no statement.
 */
import type { HealthBody } from './health-body.ts';
import type { Statement } from './health-words.ts';
import { readWord, worstOf } from './health-words.ts';
import { readDocument, readField } from './read-document.ts';
import { readPhrase } from './read-phrase.ts';
import { readStatusLine } from './read-value.ts';

/** Longer first lines are prose or HTML, and are not read. */
const MAX_LINE = 128;
/** Lines of `label: word` that are read. */
const MAX_LINES = 64;
/** The Kubernetes listing has one line per check; the last line is the verdict. */
const LISTING = /^\[[+-]\]/;
const LISTING_VERDICT = /^\w+ check (passed|failed)$/;
/** `status: down`, `healthy=false` */
const LABELLED = /^([\w .-]{1,64}?)\s*[:=]\s*(\S.*)?$/;

const UNREAD: Statement = { verdict: 'unknown', details: 'body not read whole' };

/** Returns the statement of `body`; undefined when it contains none. */
export function readBody(body: HealthBody): Statement | undefined {
  if (body.fault !== null) return { verdict: 'unknown', details: body.fault };
  const text = body.text.trimEnd();
  if (text === '') return body.isUnread ? UNREAD : undefined;
  if (LISTING.test(text)) return readListing(text);
  if (!/^[{["]/.test(text)) return readText(text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return text.startsWith('"') ? undefined : readOutline(body);
  }
  return readDocument(document);
}

/** JSON that is too long, malformed, or broken off: what was read of it counts. */
function readOutline(body: HealthBody): Statement | undefined {
  const { document, isPartial } = body.outline();
  const statement = readDocument(document);
  if (body.isUnread) return worstOf([UNREAD, statement]);
  // The outline left parts out, which count only without a statement about the whole.
  return isPartial ? (statement ?? UNREAD) : statement;
}

function readListing(text: string): Statement | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const verdict = LISTING_VERDICT.exec(lines.at(-1) ?? '')?.[1];
  if (verdict !== undefined) return readWord(verdict);
  // Without the verdict line the effect of failed checks on the whole is unknown.
  return lines.some((line) => line.startsWith('[-]')) ? { verdict: 'degraded', details: 'a failed check' } : undefined;
}

function readText(text: string): Statement | undefined {
  const word = readWord(text);
  if (word) return word;
  const lines = text.split(/[\r\n]+/, MAX_LINES);
  const [line = ''] = lines;
  if (line.length > MAX_LINE) return undefined;
  const [, label, value = ''] = LABELLED.exec(line) ?? [];
  if (label === undefined) return readStatusLine(line) ?? readPhrase(line);
  const field = readField(label, value);
  if (field) return field;
  // `failed: 0` is a count. Without a field about the whole, the lines are parts: `database: down`.
  return (/^\d+$/.test(value) ? undefined : readPhrase(line)) ?? readDocument(labelsOf(lines));
}

/** The lines `label: value` as an object. */
const labelsOf = (lines: readonly string[]): unknown =>
  Object.fromEntries(
    lines.flatMap((line) => {
      const [, label, value = ''] = line.length > MAX_LINE ? [] : (LABELLED.exec(line) ?? []);
      return label === undefined ? [] : [[label, value]];
    }),
  );
