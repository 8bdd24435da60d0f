/** A page of a type's components as JSON text. The reader of a large type passes the text on without parsing it. */
import { MAX_PAGE_BYTES, boundedPage, utf8Length } from '../../core/bounded-page.ts';
import type { ConfiguredMembers } from '../state/component-views.ts';
import { resourceView } from '../state/component-views.ts';
import type { SnapshotPage } from '../contract/snapshot-api.ts';

export function snapshotPage(
  source: ConfiguredMembers,
  after: string | null,
  now: number,
): Omit<SnapshotPage, 'revision'> {
  const { members } = source;
  const view = resourceView(source, now);
  const ids = Array.from(members.keys()).filter((id) => after === null || id > after);
  const page = boundedPage(
    serialized(ids.toSorted(), (id) => JSON.stringify(view(members.get(id)!.record))),
    { limit: Infinity, maxBytes: MAX_PAGE_BYTES },
    ({ json }) => utf8Length(json),
  );
  return { json: page.items.map(({ json }) => json).join(','), next: page.more ? page.items.at(-1)!.id : null };
}

/** Lazy: serializes no more components than fit into the page. */
function* serialized(
  ids: readonly string[],
  serialize: (id: string) => string,
): Generator<{ id: string; json: string }> {
  for (const id of ids) yield { id, json: serialize(id) };
}
