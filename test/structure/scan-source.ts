/**
 * Splits TypeScript source into comments, strings and code. Knows just enough of the syntax to keep the three apart:
 * quotes, template literals with nested expressions, and regular expressions after an operator.
 */
export interface Comment {
  /** 1-based line on which the comment starts. */
  readonly line: number;
  /** Without its delimiters and without the ` * ` of each line. */
  readonly text: string;
}

export interface ScannedSource {
  readonly comments: readonly Comment[];
  /** Contents of string literals and of the constant parts of template literals. */
  readonly strings: readonly string[];
  /** The source with comments, strings and regular expressions blanked. */
  readonly code: string;
}

/** A slash after one of these begins a regular expression, not a division. */
const BEFORE_REGEX = /(?:^|[=(,:;!&|?{}[\]+\-*%<>~^]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const BLOCK = /\/\*[\s\S]*?\*\//y;
const LINE = /\/\/[^\n]*/y;
const TEMPLATE_PART = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y;

const matchAt = (pattern: RegExp, source: string, at: number): string | null => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
};

const textOf = (raw: string): string =>
  raw
    .replace(/^\/\*\*?|\*\/$|^\/\/\/?/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim();

export function scanSource(source: string): ScannedSource {
  const comments: Comment[] = [];
  const strings: string[] = [];
  let code = '';
  let line = 1;
  let at = 0;
  /** Depth of braces at which each open template expression ends. */
  const templates: number[] = [];
  let depth = 0;

  const skip = (text: string): void => {
    line += text.split('\n').length - 1;
    at += text.length;
    code += text.replaceAll(/[^\n]/g, ' ');
  };
  const templatePart = (): void => {
    const part = matchAt(TEMPLATE_PART, source, at) ?? '';
    strings.push(part);
    skip(part);
    if (source.startsWith('${', at)) {
      skip('${');
      templates.push(depth);
    } else skip(source.slice(at, at + 1));
  };

  while (at < source.length) {
    const char = source[at] ?? '';
    const comment = matchAt(BLOCK, source, at) ?? matchAt(LINE, source, at);
    const string = comment === null ? matchAt(STRING, source, at) : null;
    const isRegex = char === '/' && comment === null && BEFORE_REGEX.test(code.trimEnd());
    const regex = isRegex ? matchAt(REGEX, source, at) : null;
    if (comment !== null) {
      comments.push({ line, text: textOf(comment) });
      skip(comment);
    } else if (string !== null) {
      strings.push(string.slice(1, -1));
      skip(string);
    } else if (regex !== null) skip(regex);
    else if (char === '`') {
      skip(char);
      templatePart();
    } else if (char === '}' && templates.at(-1) === depth) {
      templates.pop();
      skip(char);
      templatePart();
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      if (char === '\n') line += 1;
      code += char;
      at += 1;
    }
  }
  return { comments, strings, code };
}
