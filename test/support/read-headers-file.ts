/** Reads a `_headers` file of static assets into headers by path pattern. */
export function readHeadersFile(text: string): Map<string, Headers> {
  const rules = new Map<string, Headers>();
  let headers = new Headers();
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    if (/^\S/.test(line)) rules.set(line.trim(), (headers = new Headers()));
    else headers.append(line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim());
  }
  return rules;
}
