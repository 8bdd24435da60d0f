/**
 * What the comments and names of the project are held to: sentences name their actor, names use the field's terms.
 * `docs/glossary.md` lists the terms.
 */
import { scanSource } from './scan-source.ts';

/** A sentence that begins with one of these leaves its actor open. */
const PRONOUN =
  /^(?:It|They|Them|He|She|We|You|Who|Whoever|Whom|Whose|What|Whatever|Which|Whichever|This|That|These|Those|One(?= (?:that|which|who|whose|of|is|was|has|had|can|cannot|may|must|will|beyond|under|without|with)\b)|Nobody|Somebody|Everybody|Anybody|Someone|None|Such|Of (?:it|them|those|what|whom|one|all|which))\b/;

/** Words of this project's past that the field has other terms for. In identifiers, as one of their camel-case words. */
const RETIRED_NAMES: ReadonlySet<string> = new Set(
  (
    'desk desks room rooms told tell tells owe owed owes turn turned turns asked ask asks fleet fleets seat seats ' +
    'seating book shelf doubt doubts doubted doubtful witness witnesses testify testimony belief believes shadow ' +
    'shadows shadowed trouble troubles troubled steady steadiness ailing reach usual vitals segment decider ' +
    'enrol rehearsal rehearse rehearsed gate sleeps excuse excused near lately anew away nudge nudges picky resort ' +
    'gist felt stir touch whoever nobody somebody answer answers answered taken given'
  ).split(' '),
);

/** In comments. */
const RETIRED_PROSE =
  /\b(?:desks?|whoever|whomever|anew|nobody|somebody|owed|owes|told|lately|at hand|testimon\w+|witness(?:es)?|vitals|ailing|steadiness|rehears\w+|the house|sees? to it|shelf|in vain|goes by|go by|say no|says no)\b/i;

const MAX_LINE = 120;

export interface ProseFault {
  readonly line: number;
  readonly text: string;
}

/** The sentences of a comment. A blank line, a list item or a TSDoc tag ends a sentence as a full stop does. */
export function sentencesOf(comment: string): string[] {
  return comment
    .replaceAll(/```[\s\S]*?```/g, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-*•]|\d+\.|@\w+)\s)/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim())
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?])\s+(?=[A-Z`("'])/))
    .map((sentence) => sentence.replace(/^(?:[-*•]|\d+\.)\s+/, '').trim())
    .filter((sentence) => /[a-z]{2}/i.test(sentence) && !/^(?:@|oxlint|eslint|ts-|#|<\/?\w)/.test(sentence));
}

export const beginsWithPronoun = (sentence: string): boolean => PRONOUN.test(sentence);

export const retiredProse = (sentence: string): string | null => RETIRED_PROSE.exec(sentence)?.[0] ?? null;

const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([sS])elfDoubt/g, '$1elfdoubt')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replaceAll('SELF_DOUBT', 'SELFDOUBT')
    .split(/[\s_$]+/)
    .map((word) => word.toLowerCase());

/** The retired word in a name, or null. */
export const retiredName = (name: string): string | null =>
  wordsOf(name).find((word) => RETIRED_NAMES.has(word)) ?? null;

export interface ScannedProse {
  readonly sentences: readonly ProseFault[];
  readonly names: readonly ProseFault[];
  readonly longLines: readonly ProseFault[];
}

/** All comment sentences and all identifiers of a source file, each with its line. */
export function proseOf(source: string): ScannedProse {
  const { comments, code } = scanSource(source);
  const sentences = comments.flatMap(({ line, text }) =>
    sentencesOf(text).map((sentence) => ({ line, text: sentence })),
  );
  const names = code
    .split('\n')
    .flatMap((text, index) =>
      Array.from(text.matchAll(/[A-Za-z_$][\w$]*/g), ([name]) => ({ line: index + 1, text: name })),
    );
  const longLines = source
    .split('\n')
    .flatMap((text, index) =>
      text.length > MAX_LINE && /^\s*(?:\*|\/\/|\/\*)/.test(text) ? [{ line: index + 1, text }] : [],
    );
  return { sentences, names, longLines };
}
