/** Wire schemas of the snapshot: all components with an index. */
import * as z from 'zod';
import { ComponentSchema } from './component.ts';

export const SnapshotSchema = z
  .object({
    index: z.int().meta({ description: 'The items include every change up to this index.' }),
    items: ComponentSchema.array(),
  })
  .meta({ id: 'Snapshot' });

export const SnapshotHeadersSchema = z.object({
  etag: z.string().meta({ description: 'The index. As `If-None-Match` it replaces the query parameter `index`.' }),
});

export type SnapshotResource = z.infer<typeof SnapshotSchema>;
