/**
 * Parser of the arguments of `npm start`. Passes all of them to `wrangler dev` unchanged, and reads only those that
 * the command itself needs.
 */
export interface StartOptions {
  readonly port: number;
  /** Address to listen on. */
  readonly ip: string;
  /** URL of the coordinator from this machine. */
  readonly url: string;
  /** Arguments of `wrangler dev`. */
  readonly devArgs: readonly string[];
  /** Directory of the state; undefined for wrangler's default. */
  readonly persistTo: string | undefined;
  /** The subset of `devArgs` that selects the database for `wrangler d1 migrations apply`. */
  readonly databaseArgs: readonly string[];
}

type ParseResult =
  | { readonly ok: true; readonly options: StartOptions }
  | { readonly ok: false; readonly message: string };

const DEFAULT_PORT = 8787;
const ANY_ADDRESS = ['0.0.0.0', '::', '*'];
/** Both wrangler commands resolve `--persist-to` against the working directory, so both get the same value. */
const DATABASE_OPTIONS = [['--persist-to'], ['--config', '-c'], ['--env', '-e']];

export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv): ParseResult {
  const portArgument = optionOf(args, ['--port']);
  const text = portArgument ?? env['PORT'] ?? String(DEFAULT_PORT);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return {
      ok: false,
      message: `${portArgument === undefined ? 'PORT' : '--port'} must be 1 to 65535, received "${text}"`,
    };
  }

  const ip = optionOf(args, ['--ip']) ?? '127.0.0.1';
  const host = ANY_ADDRESS.includes(ip) ? '127.0.0.1' : ip;
  const devArgs = [
    ...(portArgument === undefined ? ['--port', text] : []),
    ...(optionOf(args, ['--ip']) === undefined ? ['--ip', ip] : []),
    ...(optionOf(args, ['--log-level']) === undefined ? ['--log-level', 'warn'] : []),
    '--show-interactive-dev-session=false',
    ...args,
  ];
  const databaseArgs = DATABASE_OPTIONS.flatMap((names) => {
    const value = optionOf(args, names);
    return value === undefined ? [] : [names[0] ?? '', value];
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { ok: true, options: { port, ip, url, persistTo: optionOf(args, ['--persist-to']), devArgs, databaseArgs } };
}

/** The value of `--name value` or `--name=value`. */
function optionOf(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (names.includes(arg)) return args[index + 1];
    const name = names.find((candidate) => arg.startsWith(`${candidate}=`));
    if (name !== undefined) return arg.slice(name.length + 1);
  }
  return undefined;
}
