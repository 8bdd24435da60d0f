/** Owes an entry to the audit for what comes with no event of its own. */
import type { Context } from 'hono';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import { coordinator } from '../coordinator/coordinator-api.ts';
import type { AppEnv } from './app-env.ts';
import { actorOf } from './caller.ts';

export const recordAudit = (
  c: Context<AppEnv>,
  change: Pick<AuditEntry, 'action' | 'subject' | 'before' | 'after'>,
): Promise<void> => coordinator().audit([{ id: crypto.randomUUID(), ...change, at: Date.now(), actor: actorOf(c) }]);
