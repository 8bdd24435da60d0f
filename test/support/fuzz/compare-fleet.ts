/** Compares all stored state with the model over the public interface. */
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import { call } from '../coordinator-http.ts';
import type { SystemModel } from './fleet-model.ts';

interface Item {
  readonly id: string;
  readonly type: string;
}

async function allPages<T>(path: string, limit: number): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await call('GET', `${path}?limit=${limit}${from}`);
    if (page.status !== 200) throw new Error(`${path}: ${page.status} ${JSON.stringify(page.body)}`);
    items.push(...(page.body.items as T[]));
    cursor = page.body.nextCursor as string | null;
  }
  return items;
}

/** Returns the differences; empty if there are none. */
export async function compareWithModel(model: SystemModel): Promise<string[]> {
  const parts = [compareReads, compareList, compareKeys, compareConfig];
  const faults: string[] = [];
  for (const compare of parts) faults.push(...(await compare(model)));
  return faults;
}

async function compareReads(model: SystemModel): Promise<string[]> {
  const faults: string[] = [];
  for (const id of model.seenIds) {
    const { status, body, headers } = await call('GET', `/v1/components/${id}`);
    const presence = model.presence(id, Date.now());
    const type = await coordinator().typeOf(id);
    if (status === 404 && presence === 'there') faults.push(`${id} was acknowledged and is gone`);
    else if (status === 404 && type !== null) faults.push(`${id} is gone and still in the directory`);
    else if (status === 200) faults.push(...model.differences(body, headers.get('etag')));
    else if (status !== 404) faults.push(`${id} has status ${status}`);
    if (status === 200 && type !== body.type) faults.push(`${id} is a ${type} in the directory`);
  }
  return faults;
}

async function compareList(model: SystemModel): Promise<string[]> {
  const items = await allPages<Item & Record<string, unknown>>('/v1/components', 23);
  const listed = items.map(({ id }) => id);
  const faults = items.flatMap((item) => model.differences(item));
  if (new Set(listed).size !== listed.length) faults.push('the list shows a component twice');
  for (const id of model.components.keys()) {
    if (!listed.includes(id) && model.presence(id, Date.now()) === 'there') faults.push(`${id} is not in the list`);
  }
  const loads = (await call('GET', '/v1/load')).body as { componentId: string }[];
  const others = loads.filter(({ componentId }) => !listed.includes(componentId));
  if (others.length > 0 || loads.length !== listed.length)
    faults.push(`loads of ${loads.length}, list of ${listed.length}`);
  return faults;
}

async function compareConfig({ config }: SystemModel): Promise<string[]> {
  const faults: string[] = [];
  for (const path of ['/v1/config', ...config.documents.keys()])
    faults.push(...config.differences(path, await call('GET', path)));
  return faults;
}

async function compareKeys(model: SystemModel): Promise<string[]> {
  const items = await allPages<Record<string, unknown>>('/v1/keys', 37);
  const faults = items.flatMap((item) => model.keyDifferences(item));
  const listed = new Set(items.map(({ id }) => id));
  if (listed.size !== items.length) faults.push('the list shows a key twice');
  for (const id of model.keys.keys()) if (!listed.has(id)) faults.push(`the key ${id} is not in the list`);
  return faults;
}
