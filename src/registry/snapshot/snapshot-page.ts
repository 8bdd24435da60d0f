/**
 * A page of a type's components as JSON text: who reads all of a large type hands it on as it is, without making
 * objects of it.
 */
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { ConfiguredMembers } from '../state/component-views.ts';
import { resourceView } from '../state/component-views.ts';
import type { SnapshotPage } from '../contract/snapshot-api.ts';

export function snapshotPage(
  fleet: ConfiguredMembers,
  after: string | null,
  now: number,
): Omit<SnapshotPage, 'revision'> {
  const { members } = fleet;
  const view = resourceView(fleet, now);
  const ids = Array.from(members.keys()).filter((id) => after === null || id > after);
  const page = boundedPage(
    texts(ids.toSorted(), (id) => JSON.stringify(view(members.get(id)!.record))),
    { limit: Infinity, maxBytes: MAX_PAGE_BYTES },
    ({ json }) => utf8Length(json),
  );
  return { json: page.items.map(({ json }) => json).join(','), next: page.more ? page.items.at(-1)!.id : null };
}

/** Made one by one, so that no more are made than a page has room for. */
function* texts(ids: readonly string[], text: (id: string) => string): Generator<{ id: string; json: string }> {
  for (const id of ids) yield { id, json: text(id) };
}
