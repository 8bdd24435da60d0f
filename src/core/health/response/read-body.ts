/**
 * Reads the health statement from a response body, JSON or text. Ignores the content type, which is often missing or
 * wrong. An unreadable body contains no statement.
 */
import type { Statement } from './health-words.ts';
import { readWord } from './health-words.ts';
import { readDocument, readField } from './read-document.ts';

/** Longer first lines are prose or HTML, and are not read. */
const MAX_LINE = 128;
/** The Kubernetes listing has one line per check; the last line is the verdict. */
const LISTING = /^\[[+-]\]/;
const LISTING_VERDICT = /^\w+ check (passed|failed)$/;
/** `status: down`, and Nagios plugin output: `WARNING - disk 91 %`. */
const LABELLED = /^([\w ]{1,64}?)\s*(?::|=|\s-\s)\s*(\S.*)?$/;
/** `Prometheus Server is Healthy.`, `SERVER_IS_NOT_READY`. */
const SENTENCE = /^[\w .-]*?[ _]is[ _]([\w -]+)[.!]?$/i;
/** The first member of JSON that is malformed or was truncated by the read limit. The value itself is complete JSON. */
// oxlint-disable-next-line no-control-regex -- JSON strings must not contain control characters
const FIRST_MEMBER = /^\{\s*"([\w-]{1,32})"\s*:\s*("[^"\\\u0000-\u001F]{0,64}"|true|false|0|[1-9]\d{0,2})\s*[,}]/;

/** Returns the statement of `body`; undefined when it contains none. */
export function readBody(body: string): Statement | undefined {
  const text = body.trim();
  const first = text[0];
  if (first === undefined) return undefined;
  if (LISTING.test(text)) return readListing(text);
  if (first !== '{' && first !== '"' && first !== '[') return readText(text);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Malformed or truncated JSON: its first member may still be complete.
    return readFirstMember(text);
  }
  return readDocument(document);
}

function readFirstMember(text: string): Statement | undefined {
  const [, name = '', value = 'null'] = FIRST_MEMBER.exec(text) ?? [];
  return readField(name, JSON.parse(value));
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
  const [line = ''] = text.slice(0, MAX_LINE + 1).split(/[\r\n]/, 1);
  if (line.length > MAX_LINE) return undefined;
  return readWord(line) ?? readLabelled(line) ?? readSentence(line);
}

function readLabelled(line: string): Statement | undefined {
  const [, label, rest = ''] = LABELLED.exec(line) ?? [];
  if (label === undefined) return undefined;
  // `failed: 0` is a count.
  return readField(label, rest) ?? (/^\d/.test(rest) ? undefined : readWord(label));
}

function readSentence(line: string): Statement | undefined {
  const word = SENTENCE.exec(line)?.[1];
  return word === undefined ? undefined : readWord(word);
}
