/** The state of the fleet with its index. */
import * as z from 'zod';
import { ComponentSchema } from './component.ts';

export const SnapshotSchema = z
  .object({
    index: z.int().meta({ description: 'Nothing that happened up to it is missing in the items.' }),
    items: ComponentSchema.array(),
  })
  .meta({ id: 'Snapshot' });

export const SnapshotHeadersSchema = z.object({
  etag: z.string().meta({ description: 'The index; as `If-None-Match` it stands for `index`.' }),
});

export type SnapshotResource = z.infer<typeof SnapshotSchema>;
