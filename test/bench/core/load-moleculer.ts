/** moleculer, which `npm run bench` installs into `test/bench`: no other command needs it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PACKAGE = new URL('../package.json', import.meta.url);
const INSTALLED = new URL('../node_modules/moleculer', import.meta.url);

/** The part of the package that the benchmark uses. */
interface Moleculer {
  readonly ServiceBroker: new (options: object) => {
    readonly registry: {
      processNodeInfo(info: object): void;
      readonly nodes: { get(id: string): { heartbeat(load: object): void } };
      getActionEndpoints(action: string): { count(): number; next(context: never): { readonly id: string } | null };
    };
  };
}

export function loadMoleculer(): Moleculer {
  if (!existsSync(INSTALLED)) {
    const cwd = fileURLToPath(new URL('.', PACKAGE));
    execFileSync('npm', ['ci', '--silent', '--ignore-scripts'], {
      cwd,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  }
  return createRequire(PACKAGE)('moleculer') as Moleculer;
}
