/**
 * Finds what opens a connection to the outside: the global `fetch`, sockets, event sources. `stub.fetch(` of a
 * binding and `app.fetch` are calls within, and so is a method named `fetch`.
 */
import { withoutComments } from './read-imports.ts';

const OUTWARD: readonly RegExp[] = [
  /(?<![.\w$])(?:(?:globalThis|self)\s*\.\s*)?fetch\s*\(/,
  // `fetch` handed on under another name: `const get = fetch;`, `{ fetch }`, `call(fetch)`.
  /[=({[,:?]\s*(?:globalThis\s*\.\s*)?fetch\s*[;,)}\]]/,
  /\bnew\s+(?:WebSocket|EventSource)\s*\(/,
  /['"](?:cloudflare:sockets|node:(?:https?|net|tls|dgram|dns)[^'"]*)['"]/,
];
const METHOD = /(?:^|\s)(?:async\s+)?fetch\s*\([^)]*\)\s*(?::[^={]+)?\{/g;

/** The lines that do, as written. */
export function findOutwardCalls(source: string): string[] {
  const code = withoutComments(source).replaceAll(METHOD, ' {');
  return code
    .split('\n')
    .filter((line) => OUTWARD.some((pattern) => pattern.test(line)))
    .map((line) => line.trim());
}
