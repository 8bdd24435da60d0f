/** Reads which modules a source file imports. Knows no rules. */

export interface Import {
  readonly specifier: string;
  /** Erased by the compiler: `import type` and `export type`. */
  readonly typeOnly: boolean;
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:[\w$*\s,{}]+?\s+)?from\s*['"]([^'"]+)['"]/gm;
const SIDE_EFFECT = /^\s*import\s*['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\s*\(\s*['"]([^'"]+)['"]/g;
const EXPORT_ALL = /^\s*export\s*(?:type\s*)?\*/m;

/** Comments hold examples and links, not imports. `//` within a line may be part of a URL and stays. */
export const withoutComments = (source: string): string =>
  source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');

export function readImports(source: string): Import[] {
  const code = withoutComments(source);
  const typeOnly = false;
  return [
    ...Array.from(code.matchAll(STATEMENT), ([, type, specifier = '']) => ({
      specifier,
      typeOnly: type !== undefined,
    })),
    ...Array.from(code.matchAll(SIDE_EFFECT), ([, specifier = '']) => ({ specifier, typeOnly })),
    ...Array.from(code.matchAll(DYNAMIC), ([, specifier = '']) => ({ specifier, typeOnly })),
  ];
}

export const exportsAll = (source: string): boolean => EXPORT_ALL.test(withoutComments(source));
