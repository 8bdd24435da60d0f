/** The controller's configuration file: schema, defaults and validation errors. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';

const ProcessSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  /** The program and its arguments. */
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().default('.'),
  /** Passed to the process as `PORT`. Processes added by `scale_up` get a free port. */
  port: z.int().min(1).max(65_535).optional(),
  /** How long the process may take to end after SIGTERM, ms. */
  stopMs: z.int().min(0).max(60_000).default(5_000),
  /** Maximum number of processes, this one included; more than 1 allows `scale_up`. */
  most: z.int().min(1).max(100).default(1),
  /** Passed to the process as `REGISTRATION`, with `{id}` and `{port}` filled in, so that it registers itself. */
  registration: z.looseObject({}).optional(),
});

const ConfigSchema = z.strictObject({
  port: z.int().min(1).max(65_535),
  /** Directory of the journal and the pid files. */
  state: z.string().default('.controller'),
  /** `whsec_…` secrets of types or single components. The variable CONTROL_SECRETS adds more, separated by commas. */
  secrets: z.array(z.string()).default([]),
  processes: z.array(ProcessSchema).min(1),
});

export type ControllerConfig = z.output<typeof ConfigSchema>;
export type ProcessConfig = z.output<typeof ProcessSchema>;

/** Reads the file and resolves its paths relative to it. Throws an error that lists every invalid field. */
export function readConfig(path: string, env: NodeJS.ProcessEnv): ControllerConfig {
  const parsed = ConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  const baseDirectory = dirname(resolve(path));
  const fromEnv = env['CONTROL_SECRETS']?.split(',').filter((secret) => secret !== '') ?? [];
  return {
    ...config,
    state: resolve(baseDirectory, config.state),
    secrets: [...config.secrets, ...fromEnv],
    processes: config.processes.map((each) => ({ ...each, cwd: resolve(baseDirectory, each.cwd) })),
  };
}
