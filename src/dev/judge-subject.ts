/** Check of a commit's subject line: imperative, one topic, at most 72 characters. */

const MAX_SUBJECT = 72;
/** First words that look like a past tense or gerund but are imperatives. */
const IMPERATIVES: ReadonlySet<string> = new Set(['bring', 'embed', 'feed', 'need', 'seed', 'speed', 'string', 'shed']);

/** The fault of a subject, or null. */
export function judgeSubject(subject: string): string | null {
  const [first = ''] = subject.split(' ');
  if (subject.length > MAX_SUBJECT) return `${subject.length} characters, at most ${MAX_SUBJECT}`;
  if (!/^[A-Z]/.test(subject)) return 'begins with a lower-case letter';
  if (subject.endsWith('.')) return 'ends with a full stop';
  if (subject.includes(';')) return 'has several topics';
  if (/(?:ed|ing)$/.test(first) && !IMPERATIVES.has(first.toLowerCase())) return 'does not begin with an imperative';
  return null;
}
