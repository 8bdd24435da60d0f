import type { SystemHealthResource } from '../../api/schemas/system.ts';
import { TypeTile } from './type-tile.tsx';

/** One tile per component type. */
export function TypeTiles({ byType }: { readonly byType: SystemHealthResource['byType'] }) {
  return (
    <section aria-label="Component types">
      <ul class="grid grid-cols-2 md:grid-cols-3 gap-3">
        {Object.entries(byType).map(([type, summary]) => (
          <TypeTile key={type} type={type} summary={summary} />
        ))}
      </ul>
    </section>
  );
}
