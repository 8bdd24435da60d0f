/**
 * The coordinator's calls of the configuration: changes are told to whoever waits for them, and those of components to
 * their registries, once they are stored.
 */
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { Failure } from '../../core/result.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type {
  ComponentConfigResult,
  ComponentConfigRequest,
  ConfigApi,
  ConfigPut,
  ConfigRollback,
} from '../contract/config-api.ts';
import type { ConfigDelivery } from './config-delivery.ts';
import type { ConfigDocumentRevisions } from './config-documents.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';

interface Doors {
  readonly directory: DirectoryStore;
  readonly delivery: ConfigDelivery;
  readonly transaction: <T>(make: () => T) => T;
  readonly refuseActor: (keyId: string | undefined) => Failure<'unauthorized'> | null;
  readonly append: (draft: EventDraft) => void;
}

export class ConfigCalls {
  private readonly desk: ConfigDocumentRevisions;
  private readonly doors: Doors;
  private readonly held = new HeldCalls();
  /** How many components have gone; from another fraction in each life of the object, so that no two states look alike. */
  private gone = Math.random();

  constructor(desk: ConfigDocumentRevisions, doors: Doors) {
    this.desk = desk;
    this.doors = doors;
  }

  put(request: ConfigPut): Awaited<ReturnType<ConfigApi['putConfig']>> {
    return this.change(request, (now) => this.desk.put(request, now, this.doors.append));
  }

  rollBack(request: ConfigRollback): Awaited<ReturnType<ConfigApi['rollBackConfig']>> {
    return this.change(request, (now) => this.desk.rollBack(request, now, this.doors.append));
  }

  async sequence(known: number | null, holdMs: number): Promise<number> {
    const sequence = (): number => this.desk.lastRevision() + this.gone;
    if (holdMs > 0 && known === sequence()) await this.held.wait(holdMs);
    return sequence();
  }

  /** Who waits for its configuration is to hear of that too. */
  componentGone(): void {
    this.gone++;
    this.held.release();
  }

  componentConfig({ id, only, unless }: ComponentConfigRequest): ComponentConfigResult {
    const entry = this.doors.directory.entry(id);
    if (!entry || (only !== null && entry.owner !== only)) return { kind: 'unknown-component' };
    if (unless !== null && this.desk.revisionFor(id) === unless) return { kind: 'unchanged' };
    return { kind: 'levels', type: entry.type, levels: this.desk.levels(id)! };
  }

  private change<T>({ actor }: Pick<ConfigPut, 'actor'>, make: (now: number) => T): T | Failure<'unauthorized'> {
    const made = this.doors.transaction(() => this.doors.refuseActor(actor.keyId) ?? make(Date.now()));
    this.held.release();
    this.doors.delivery.stir();
    this.doors.delivery.begin();
    return made;
  }
}
