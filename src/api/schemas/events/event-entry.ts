/** What the catalogue says of one type of event. */
import type * as z from 'zod';

export interface EventEntry {
  /** When it happens, in one sentence. */
  readonly summary: string;
  /** What its `subject` names. */
  readonly subject: string;
  /** Loose: events grow, and whoever reads them ignores members it does not know. */
  readonly data: z.ZodObject;
  /** `data` as it was once met, without the component where it carries one. */
  readonly example: Readonly<Record<string, unknown>>;
}
