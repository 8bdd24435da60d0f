/** Queues an audit entry in the coordinator, for changes that publish no event. */
import type { Context } from 'hono';
import type { AuditEntry } from '../../core/access/audit-entry.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { AppEnv } from '../http/app-env.ts';
import { actorOf } from './actor-of.ts';

export const recordAudit = (
  c: Context<AppEnv>,
  change: Pick<AuditEntry, 'action' | 'subject' | 'before' | 'after'>,
): Promise<void> => coordinator().audit([{ id: crypto.randomUUID(), ...change, at: Date.now(), actor: actorOf(c) }]);
