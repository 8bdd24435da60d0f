/**
 * Reads a text about health: a word, a word with a reason behind it (`unhealthy: redis timeout`, `DOWN (db)`), the
 * status line of a monitoring plugin (`DISK CRITICAL - 3 % left`), or a sentence (`Server is not ready.`).
 *
 * The reason itself is foreign text: it is neither judged nor repeated.
 */
import type { Statement } from './health-words.ts';
import { foldText, readWord, worstOf } from './health-words.ts';

/** Longer texts are read up to here, for the word before the reason. */
const MAX_PHRASE = 256;
/** The word, then what separates it from the reason, then the reason. */
const WITH_REASON = /^(.{1,64}?)\s*(?:[:;,|([{\r\n：；，（、。]|\s[-–—]+\s|[.!]\s)(.*)$/su;
/** `failed to connect`, `down for maintenance`, `running on port 80`: the first word decides. */
const WITH_OBJECT = /^([\p{L}_-]{1,64}) (?:to|for|on|since|at|because|due|after)\b/u;
/** Nagios plugins and their kin: the name of the service, then the word in capitals. */
const SERVICE_WORD = /^[\w ./-]{1,48} (OK|UP|WARNING|CRITICAL|UNKNOWN|ERROR|DOWN|FAILED)$/;
/** `Prometheus Server is Healthy.`, `SERVER_IS_NOT_READY` */
const SENTENCE = /^[\w .'-]{0,128}?[ _](?:is|are)[ _]([\w '-]{1,64})[.!]?$/i;

/** Words of a sentence that say nothing about health. */
const FILLERS: ReadonlySet<string> = new Set(
  (
    'the a an all every everything system systems service services server servers application app api component node ' +
    'instance program process daemon i im am is are be its it this that your our my and very just now still here there ' +
    'currently normally fully correctly properly perfectly status state health check checks'
  ).split(' '),
);

/** Returns the statement of `text`; undefined when it contains none that is understood. */
export function readPhrase(text: string): Statement | undefined {
  const start = text.trim().slice(0, MAX_PHRASE);
  const [, head, reason = ''] = WITH_REASON.exec(start) ?? [];
  if (head !== undefined) {
    const word = readWord(head) ?? readServiceWord(head);
    // `OK (degraded)`: both are statements, and the worse one counts.
    if (word) return worstOf([word, readWord(reason)]);
  }
  const first = WITH_OBJECT.exec(start)?.[1];
  const firstWord = first === undefined ? undefined : readWord(first);
  if (firstWord) return firstWord;
  if (start.length < text.trim().length) return undefined;
  return readWord(start) ?? readServiceWord(start) ?? readSentence(start);
}

function readServiceWord(text: string): Statement | undefined {
  const word = SERVICE_WORD.exec(text)?.[1];
  return word === undefined ? undefined : readWord(word);
}

function readSentence(sentence: string): Statement | undefined {
  const said = SENTENCE.exec(sentence)?.[1] ?? sentence;
  const words = foldText(said)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !FILLERS.has(word));
  if (words.length === 0 || words.length > 8) return undefined;
  const whole = readWord(words.join(' '));
  if (whole) return whole;
  const each = words.map(readWord);
  return each.every((word) => word !== undefined) ? worstOf(each) : undefined;
}
