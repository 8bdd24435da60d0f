/** A component that fails in one of the four measured ways. */
import type { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { ComponentHandle } from '../../../src/demo/component-handle.ts';
import { freePort } from '../../../src/dev/free-port.ts';
import type { ComponentServer } from './component-server.ts';

/**
 * - `kill`: the process ends, connections are refused.
 * - `freeze`: the process is stopped, connections hang.
 * - `503`: health checks fail with 503.
 * - `report`: the same, and a caller reports the failure at once.
 */
export const WAYS = ['kill', 'freeze', '503', 'report'] as const;
export type Way = (typeof WAYS)[number];

export interface Victim {
  readonly id: string;
  readonly way: Way;
  readonly url: string;
  fail(): Promise<void>;
  dispose(): Promise<void>;
}

export async function makeVictim(
  id: string,
  way: Way,
  server: ComponentServer,
  client: CoordinatorClient,
): Promise<Victim> {
  if (way === '503' || way === 'report') {
    const error = { code: 'HTTP_503', message: 'a caller was answered 503' };
    return {
      id,
      way,
      url: server.urlOf(id),
      fail: async () => {
        server.fallSick(id);
        if (way === 'report') await client.reportFailure(id, { error });
      },
      dispose: async () => undefined,
    };
  }
  const handle = new ComponentHandle(id, await freePort());
  await handle.start();
  return {
    id,
    way,
    url: handle.url,
    fail: async () => handle.signal(way === 'kill' ? 'SIGKILL' : 'SIGSTOP'),
    dispose: () => handle.dispose(),
  };
}
