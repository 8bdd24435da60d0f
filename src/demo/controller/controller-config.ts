/** The file that a controller is started with, and what it says when it is not good. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';

const ProcessSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  /** The program and its arguments. */
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().default('.'),
  /** Given to it as `PORT`; those that are added get a free one. */
  port: z.int().min(1).max(65_535).optional(),
  /** How long it may take to end by SIGTERM, ms. */
  stopMs: z.int().min(0).max(60_000).default(5_000),
  /** How many of them there may be in all; more than 1 allows `scale_up`. */
  most: z.int().min(1).max(100).default(1),
  /** What it registers itself with: given to it as `REGISTRATION`, with `{id}` and `{port}` filled in. */
  registration: z.looseObject({}).optional(),
});

const ConfigSchema = z.strictObject({
  port: z.int().min(1).max(65_535),
  /** Directory for the journal and the pids. */
  state: z.string().default('.controller'),
  /** `whsec_…`: of the types, and of single components. The variable CONTROL_SECRETS adds more, with commas. */
  secrets: z.array(z.string()).default([]),
  processes: z.array(ProcessSchema).min(1),
});

export type ControllerConfig = z.output<typeof ConfigSchema>;
export type ProcessConfig = z.output<typeof ProcessSchema>;

/** Reads it, paths relative to where it is; throws with every fault. */
export function readConfig(path: string, env: NodeJS.ProcessEnv): ControllerConfig {
  const parsed = ConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  const here = dirname(resolve(path));
  const given = env['CONTROL_SECRETS']?.split(',').filter((secret) => secret !== '') ?? [];
  return {
    ...config,
    state: resolve(here, config.state),
    secrets: [...config.secrets, ...given],
    processes: config.processes.map((each) => ({ ...each, cwd: resolve(here, each.cwd) })),
  };
}
