/**
 * Vite plugin that serves `src` to tests in the Worker as one module instead of about six hundred. Every test file
 * loads the modules again, and each is a round trip from the Worker to Vite. Each source file becomes a view of the
 * bundle, so that all share one instance. Not usable in watch mode, because the bundle is built once.
 */
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin, Rolldown } from 'vite';
import { build } from 'vite';

const BUNDLE = '\0bundled-source';
const ENTRY = 'virtual-source-entry';
const ROOT = resolve(import.meta.dirname, '../../..');
/** Code that runs in Node or in a browser. */
const ELSEWHERE = /^src\/(dashboard|demo|dev)\//;

interface Bundled {
  readonly code: string;
  readonly map: Rolldown.SourceMap | null;
  /** Namespace in the bundle and exported names, by file. */
  readonly views: ReadonlyMap<string, { readonly name: string; readonly exported: readonly string[] }>;
}

export function bundledSource(): Plugin {
  let bundled: Promise<Bundled> | null = null;
  const get = (): Promise<Bundled> => (bundled ??= bundle());
  return {
    name: 'bundled-source',
    enforce: 'pre',
    resolveId: (id) => (id === BUNDLE ? id : null),
    async load(id) {
      const { code, map, views } = await get();
      // Vite sends the source map to every file, which takes most of the time, so CI gets none.
      if (id === BUNDLE) return { code, map: process.env['CI'] ? { mappings: '' } : map };
      const view = views.get(id);
      if (!view) return null;
      const { name, exported } = view;
      const named = exported.filter((each) => each !== 'default');
      return [
        `import { ${name} } from ${JSON.stringify(BUNDLE)};`,
        `export const { ${named.join(', ')} } = ${name};`,
        ...(exported.includes('default') ? [`export default ${name}.default;`] : []),
      ].join('\n');
    },
  };
}

async function bundle(): Promise<Bundled> {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter(
    (file) => !ELSEWHERE.test(file) && !file.endsWith('.d.ts'),
  );
  const paths = files.map((file) => resolve(ROOT, file));
  const entry = paths.map((path, at) => `export * as m${at} from ${JSON.stringify(path)};`).join('\n');
  const exported = new Map<string, readonly string[]>();
  const built = (await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id.endsWith(ENTRY) ? ENTRY : null),
        load: (id) => (id === ENTRY ? entry : null),
        // Exports of the modules: the chunk lacks those that were inlined.
        generateBundle() {
          for (const path of paths) exported.set(path, this.getModuleInfo(path)?.exports ?? []);
        },
      },
    ],
    build: {
      write: false,
      minify: false,
      sourcemap: true,
      target: 'esnext',
      ssr: true,
      rolldownOptions: {
        input: ENTRY,
        external: (id) => !/^[./]/.test(id) && !id.endsWith(ENTRY),
        treeshake: false,
        preserveEntrySignatures: 'strict',
        optimization: { inlineConst: false },
      },
    },
  })) as Rolldown.RolldownOutput;
  const [chunk] = built.output;
  const views = paths.map((path, at) => [path, { name: `m${at}`, exported: exported.get(path) ?? [] }] as const);
  return { code: chunk.code, map: chunk.map, views: new Map(views.filter(([, view]) => view.exported.length > 0)) };
}
