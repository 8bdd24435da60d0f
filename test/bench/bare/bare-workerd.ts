/**
 * A bare `workerd serve`, the runtime without the proxies of `wrangler dev`: several Workers in one process, each on
 * its own port. Object storage is on disk, as durable as in production. D1, queues, workflows and rate limiters are
 * missing; the coordinator works without them.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { freePort } from '../../../src/dev/free-port.ts';
import { PROJECT_ROOT } from '../../../src/dev/project-root.ts';
import { COMPATIBILITY_DATE } from './compatibility-date.ts';

export interface BareWorker {
  readonly name: string;
  /** Path of the bundled module. */
  readonly module: string;
  readonly texts?: Readonly<Record<string, string>>;
  /** Binding → class, each with its own storage. */
  readonly objects?: Readonly<Record<string, string>>;
}

export interface BareWorkerd {
  /** By Worker, `http://127.0.0.1:…`. */
  readonly urls: Readonly<Record<string, string>>;
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;

export async function startWorkerd(workers: readonly BareWorker[], folder: string): Promise<BareWorkerd> {
  mkdirSync(join(folder, 'objects'), { recursive: true });
  const ports: number[] = [];
  for (const _ of workers) ports.push(await freePort());
  const config = join(folder, 'workerd.capnp');
  writeFileSync(config, configOf(workers, ports, folder));
  const binary = join(PROJECT_ROOT, 'node_modules/.bin/workerd');
  const runtime = spawn(binary, ['serve', config], { stdio: ['ignore', 'inherit', 'inherit'] });
  const urls = Object.fromEntries(workers.map(({ name }, at) => [name, `http://127.0.0.1:${ports[at]}`]));
  await Promise.all(Object.values(urls).map((url) => untilReady(url, runtime)));
  return { urls, pid: pidOfRuntime(runtime), stop: () => stop(runtime) };
}

async function untilReady(url: string, runtime: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (runtime.exitCode !== null) throw new Error(`workerd ended with ${runtime.exitCode}`);
    const isReady = await fetch(`${url}/healthz`).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    if (Date.now() > deadline) throw new Error(`${url} does not respond`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** `node_modules/.bin/workerd` is a script that starts the binary, so the load is on its child. */
function pidOfRuntime({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid! : Number(children.split(' ')[0]);
}

async function stop(runtime: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => runtime.once('exit', resolve));
  process.kill(pidOfRuntime(runtime), 'SIGKILL');
  runtime.kill('SIGKILL');
  await ended;
}

/** @see https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function configOf(workers: readonly BareWorker[], ports: readonly number[], folder: string): string {
  const services = workers.map(({ name }, at) => `(name = "${name}", worker = .worker${at})`);
  const sockets = workers.map(
    ({ name }, at) => `(name = "${name}", address = "127.0.0.1:${ports[at]}", http = (), service = "${name}")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(',\n    ')},
    (name = "objects", disk = (path = "${join(folder, 'objects')}", writable = true)),
    (name = "internet", network = (allow = ["private"]))
  ],
  sockets = [${sockets.join(', ')}]
);
${workers.map((worker, at) => workerConfig(worker, at, folder)).join('\n')}`;
}

function workerConfig({ module, texts = {}, objects = {} }: BareWorker, at: number, folder: string): string {
  const bindings = [
    ...Object.entries(texts).map(([name, text]) => `(name = "${name}", text = "${text}")`),
    ...Object.entries(objects).map(([name, type]) => `(name = "${name}", durableObjectNamespace = "${type}")`),
  ];
  const namespaces = Object.values(objects).map(
    (type) => `(className = "${type}", uniqueKey = "bench-${type}", enableSql = true)`,
  );
  const storage = namespaces.length > 0 ? 'durableObjectStorage = (localDisk = "objects"),' : '';
  return `const worker${at} :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "${relative(folder, module)}")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  durableObjectNamespaces = [${namespaces.join(', ')}],
  ${storage}
  bindings = [${bindings.join(', ')}]
);`;
}
