/**
 * `npm run bench:recover [-- --runs N] [--json FILE]`: time from failure to proof.
 *
 * Uses default settings, the coordinator of `npm start`, and real processes that a supervisor restarts (2 s boot time).
 *
 * Each run has its own types, so that the recovery guard never delays one run because of another.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { ComponentHandle } from '../../../src/demo/component-handle.ts';
import { EventWatch } from '../../../src/demo/event-watch.ts';
import type { Fault } from '../../../src/demo/fault.ts';
import { Supervisor } from '../../../src/demo/supervisor.ts';
import { freePort } from '../../../src/dev/free-port.ts';
import { launchCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { ComponentServer } from '../detect/component-server.ts';
import type { Episode } from './episode.ts';
import { runEpisode } from './episode.ts';
import { textTable } from '../text-table.ts';
import { untilHealthy } from '../until-healthy.ts';

const KINDS: readonly Fault['kind'][] = ['kill', 'freeze', '503'];
const HEALTHY = 3;
/** Failures of one kind begin within this time, each at another point of its round. */
const SPREAD_MS = 8_000;
/** Seconds, worst case. */
const GOALS = { started: 17, switched: 20, proven: 25 } as const;

type Phase = keyof typeof GOALS;

interface Row {
  readonly fails: string;
  readonly phase: Phase;
  readonly runs: number;
  readonly median: number;
  readonly worst: number;
  readonly goal: number;
  readonly met: boolean;
}

class Stage {
  readonly handles: ComponentHandle[] = [];
  readonly ids: string[] = [];
  readonly server = new ComponentServer();
  private supervisor: Supervisor | null = null;
  private readonly client: CoordinatorClient;

  constructor(client: CoordinatorClient) {
    this.client = client;
  }

  async open(handles: readonly ComponentHandle[]): Promise<void> {
    await this.server.listen();
    this.handles.push(...handles);
    this.supervisor = new Supervisor(handles, await freePort());
    await this.supervisor.listen();
    await Promise.all(handles.map((handle) => handle.start()));
  }

  async register(handle: ComponentHandle, type: string, role: 'active' | 'standby' = 'active'): Promise<void> {
    const { id, url } = handle;
    const control = { endpoint: this.supervisor!.controlUrl(id), actions: ['restart' as const] };
    await this.client.register({ ...registrationOf(id, type, url), role, control });
    this.ids.push(id);
    this.supervisor!.trust(id, (await this.client.controlSecret(id)).secret);
  }

  async registerHealthy(id: string, type: string): Promise<void> {
    await this.client.register(registrationOf(id, type, this.server.urlOf(id)));
    this.ids.push(id);
  }

  async close(): Promise<void> {
    this.supervisor?.close();
    this.server.close();
    await Promise.all(this.handles.map((handle) => handle.dispose()));
  }
}

const registrationOf = (id: string, type: string, url: string) => ({
  id,
  name: id,
  type,
  endpoint: url,
  healthCheck: { endpoint: `${url}/health` },
});

async function run(client: CoordinatorClient, runs: number): Promise<Row[]> {
  const stage = new Stage(client);
  const events = new EventWatch(client);
  try {
    const victims: ComponentHandle[][] = [];
    const pairs: { readonly active: ComponentHandle; readonly standby: ComponentHandle }[] = [];
    for (let run = 0; run < runs; run++) {
      victims.push(await inSequence(KINDS, (kind) => named(`${kind}-${run}`)));
      pairs.push({ active: await named(`active-${run}`), standby: await named(`standby-${run}`) });
    }
    await stage.open([...victims.flat(), ...pairs.flatMap(({ active, standby }) => [active, standby])]);
    for (const [run, ofRun] of victims.entries()) {
      const type = `bench_recover_${run}`;
      await client.config.put({ type }, {});
      for (const handle of ofRun) await stage.register(handle, type);
      for (let at = 0; at < HEALTHY; at++) await stage.registerHealthy(`steady-${run}-${at}`, type);
      await client.config.put({ type: `bench_switch_${run}` }, {});
      await stage.register(pairs[run]!.active, `bench_switch_${run}`);
      await stage.register(pairs[run]!.standby, `bench_switch_${run}`, 'standby');
    }
    await untilHealthy(client, stage.ids.length);
    await events.start();
    const rows: Row[] = [];
    for (const [at, kind] of KINDS.entries()) {
      process.stderr.write(`${kind} …\n`);
      const episodes = await Promise.all(
        victims.map((ofRun) => later(() => runEpisode(ofRun[at]!, kind, events, null))),
      );
      rows.push(rowOf(kind, 'started', episodes), rowOf(kind, 'proven', episodes));
    }
    process.stderr.write('kill, with a standby …\n');
    const switched = await Promise.all(
      pairs.map(({ active, standby }) => later(() => runEpisode(active, 'kill', events, standby.id))),
    );
    return [...rows, rowOf('kill, with a standby', 'switched', switched)];
  } finally {
    events.stop();
    await stage.close();
  }
}

const named = async (id: string): Promise<ComponentHandle> => new ComponentHandle(id, await freePort());

async function inSequence<T, U>(items: readonly T[], make: (item: T) => Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

const later = async <T>(begin: () => Promise<T>): Promise<T> => {
  await sleep(Math.random() * SPREAD_MS);
  return begin();
};

function rowOf(fails: string, phase: Phase, episodes: readonly Episode[]): Row {
  const seconds = episodes.map((episode) => episode[phase] ?? Infinity).toSorted((a, b) => a - b);
  const worst = seconds.at(-1)!;
  const median = seconds[seconds.length >> 1]!;
  return { fails, phase, runs: seconds.length, median, worst, goal: GOALS[phase], met: worst <= GOALS[phase] };
}

const NAMES: Readonly<Record<Phase, string>> = {
  started: 'recovery started',
  switched: 'standby in service',
  proven: 'restarted and proven',
};
const HEADS = ['fails by', 'until', 'runs', 'median s', 'worst s', 'goal s', 'met'];

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ fails, phase, runs, median, worst, goal, met }) => [
    fails,
    NAMES[phase],
    String(runs),
    median.toFixed(2),
    worst.toFixed(2),
    String(goal),
    met ? 'yes' : 'no',
  ]);
  return textTable(HEADS, cells);
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' }, json: { type: 'string' } } });
const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-recover-'));
const coordinator = await launchCoordinator({ persistTo });
try {
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
  const rows = await run(client, Number(values.runs));
  process.stdout.write(`${tableOf(rows)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
} finally {
  await coordinator.stop();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
}
// Hanging sockets must not keep the process alive.
process.exit(0);
