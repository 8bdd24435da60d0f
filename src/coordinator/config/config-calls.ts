/**
 * Configuration calls of the coordinator. Wakes blocking queries after each change, and starts the delivery of
 * component documents to their registries.
 * Invariant: nothing is delivered before the transaction has been stored.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import { subjectOf } from '../../core/config/config-documents.ts';
import { refuseNewType } from '../../core/config/new-types.ts';
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { ActorRefusal } from '../../core/quota/change-quota.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type {
  ComponentConfigResult,
  ComponentConfigRequest,
  ConfigApi,
  ConfigPut,
  ConfigRollback,
  TypeRemoval,
} from '../contract/config-api.ts';
import type { ComponentConfigDelivery } from './component-config-delivery.ts';
import type { ConfigDocumentRevisions } from './config-document-revisions.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';

interface ConfigCallsDeps {
  readonly directory: DirectoryStore;
  readonly delivery: ComponentConfigDelivery;
  readonly transaction: <T>(make: () => T) => T;
  readonly refuseChange: (keyId: string, subject: string) => Failure<ActorRefusal> | null;
  readonly append: (draft: EventDraft) => void;
}

export class ConfigCalls {
  private readonly documents: ConfigDocumentRevisions;
  private readonly deps: ConfigCallsDeps;
  private readonly waiters = new HeldCalls();
  /**
   * Number of component removals, added to the revision. The random start makes values differ after an eviction, so
   * that two states never share a number.
   */
  private removals = Math.random();

  constructor(documents: ConfigDocumentRevisions, deps: ConfigCallsDeps) {
    this.documents = documents;
    this.deps = deps;
  }

  put(request: ConfigPut): Awaited<ReturnType<ConfigApi['putConfig']>> {
    return this.change(request, (now) => this.documents.put(request, now, this.deps.append));
  }

  rollBack(request: ConfigRollback): Awaited<ReturnType<ConfigApi['rollBackConfig']>> {
    return this.change(request, (now) => this.documents.rollBack(request, now, this.deps.append));
  }

  /**
   * Adds the type of a registration, unless it exists. Returns the documents with the new type, or null without a
   * change. Runs in the transaction of the claim.
   */
  ensureType(
    type: string,
    addedBy: Actor | null,
    now: number,
  ): Result<ConfigDocuments | null, 'unknown-type' | 'type-limit'> {
    const scope = { kind: 'type', type } as const;
    if (this.documents.current(scope)) return ok(null);
    const refusal = refuseNewType(this.documents.documents(), type, addedBy !== null);
    if (refusal || !addedBy) return refusal ?? ok(null);
    const added = this.documents.put({ scope, document: {}, ifRevision: null, actor: addedBy }, now, this.deps.append);
    if (!added.ok) return fail(added.reason === 'type-limit' ? 'type-limit' : 'unknown-type', added.message);
    this.waiters.release();
    return ok(added.value.documents);
  }

  removeType(removal: TypeRemoval): Awaited<ReturnType<ConfigApi['removeType']>> {
    const { type, actor } = removal;
    return this.change({ actor, scope: { kind: 'type', type } }, (now) => {
      const components = this.deps.directory.countOf(type);
      if (components === 0) return this.documents.removeType(removal, now, this.deps.append);
      const counted = `${components} component${components === 1 ? '' : 's'}`;
      return fail('type-not-empty', `${type} has ${counted}: remove them first`);
    });
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    const sequence = (): number => this.documents.lastRevision() + this.removals;
    if (holdMs > 0 && known === sequence()) await this.waiters.wait(holdMs);
    return sequence();
  }

  /** Wakes callers that wait for the configuration of a removed component. */
  onComponentRemoved(): void {
    this.removals++;
    this.waiters.release();
  }

  componentConfig({ id, ownerFilter, knownRevision }: ComponentConfigRequest): ComponentConfigResult {
    const entry = this.deps.directory.entry(id);
    if (!entry || (ownerFilter !== null && entry.owner !== ownerFilter)) return { kind: 'unknown-component' };
    if (knownRevision !== null && this.documents.revisionFor(id) === knownRevision) return { kind: 'unchanged' };
    return { kind: 'levels', type: entry.type, levels: this.documents.levels(id)! };
  }

  private change<T>(
    { actor, scope }: Pick<ConfigPut, 'actor' | 'scope'>,
    make: (now: number) => T,
  ): T | Failure<ActorRefusal> {
    const subject = `configuration ${subjectOf(scope)}`;
    const result = this.deps.transaction(() => this.deps.refuseChange(actor.keyId, subject) ?? make(Date.now()));
    this.waiters.release();
    this.deps.delivery.schedule();
    this.deps.delivery.begin();
    return result;
  }
}
