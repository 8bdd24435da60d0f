/** Catalogue entry of one event type. */
import type * as z from 'zod';

export interface EventEntry {
  /** When the event happens, in a sentence. */
  readonly summary: string;
  /** The kind of thing that `subject` identifies. */
  readonly subject: string;
  /** Loose object: events gain fields, and readers ignore unknown members. */
  readonly data: z.ZodObject;
  /** Example of `data`, without `component`. */
  readonly example: Readonly<Record<string, unknown>>;
}
