/**
 * What the body of a health response says, be it JSON or text. Its content type is not asked: many are missing or wrong.
 * What cannot be read says nothing.
 */
import type { Statement } from './health-words.ts';
import { readWord } from './health-words.ts';
import { readDocument, readField } from './read-document.ts';

/** Lines of text longer than that are prose, or a page. */
const MAX_LINE = 128;
/** Kubernetes' listing has a line for each check; its verdict stands in the last. */
const LISTING = /^\[[+-]\]/;
const LISTING_VERDICT = /^\w+ check (passed|failed)$/;
/** `status: down`, and what Nagios' plugins say: `WARNING - disk 91 %`. */
const LABELLED = /^([\w ]{1,64}?)\s*(?::|=|\s-\s)\s*(\S.*)?$/;
/** `Prometheus Server is Healthy.`, `SERVER_IS_NOT_READY`. */
const SENTENCE = /^[\w .-]*?[ _]is[ _]([\w -]+)[.!]?$/i;
/** The first member of JSON that is broken, or cut off where reading stopped. Its value is whole, and JSON. */
// oxlint-disable-next-line no-control-regex -- which JSON does not allow in a string
const FIRST_MEMBER = /^\{\s*"([\w-]{1,32})"\s*:\s*("[^"\\\u0000-\u001F]{0,64}"|true|false|0|[1-9]\d{0,2})\s*[,}]/;

/** What `body` says of its sender; undefined for nothing. */
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
    // No JSON, or not all of it.
    return readBeginning(text);
  }
  return readDocument(document);
}

function readBeginning(text: string): Statement | undefined {
  const [, name = '', value = 'null'] = FIRST_MEMBER.exec(text) ?? [];
  return readField(name, JSON.parse(value));
}

function readListing(text: string): Statement | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const verdict = LISTING_VERDICT.exec(lines.at(-1) ?? '')?.[1];
  if (verdict !== undefined) return readWord(verdict);
  // Without a last line nobody has said what the failed ones mean for the whole.
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
  // `failed: 0` counts something.
  return readField(label, rest) ?? (/^\d/.test(rest) ? undefined : readWord(label));
}

function readSentence(line: string): Statement | undefined {
  const said = SENTENCE.exec(line)?.[1];
  return said === undefined ? undefined : readWord(said);
}
