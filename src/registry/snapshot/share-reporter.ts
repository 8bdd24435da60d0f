/**
 * Tells the log when a type's work is shared out anew, and does so when asked: `load.redistributed`. Shares follow at
 * once from who is there, may be given work, and has how much room; only the telling is gathered, so that a storm of
 * registrations is a few events.
 *
 * What was told last is stored with the event that tells it: after a kill the comparison goes on from there.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { Redistributed } from '../../core/balancing/shares.ts';
import { redistributed } from '../../core/balancing/shares.ts';
import { capacityOf } from '../state/component-views.ts';
import { typeEventDraft } from '../state/component-events.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** A smaller part of all work that moves is not worth an event. */
const MIN_MOVED = 0.001;
/** From a change to its event, and between two events, at least. */
const GAP_MS = 1_000;
/** While it goes on changing the gap doubles up to this. */
const MAX_GAP_MS = 30_000;
/** Of the components whose share changed; how many there are is told beside it. */
const MAX_NAMED = 50;

export class ShareReporter {
  private readonly state: RegistryState;
  private readonly deliver: (now: number) => void;
  private told: Map<string, number> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private gapMs = GAP_MS;
  private toldAt = -Infinity;

  constructor(state: RegistryState, deliver: (now: number) => void) {
    this.state = state;
    this.deliver = deliver;
  }

  /** Something changed that shares may hang on: looked at in a moment. */
  turned(now: number): void {
    if (this.timer !== null) return;
    // Told a moment ago, and again already: this is a storm.
    this.gapMs = Math.abs(now - this.toldAt) < 2 * this.gapMs ? Math.min(MAX_GAP_MS, 2 * this.gapMs) : GAP_MS;
    this.timer = setTimeout(() => {
      this.timer = null;
      try {
        this.tell(Date.now());
      } catch (error) {
        // The next change tells of this one as well.
        console.error(JSON.stringify({ message: 'shares not told', type: this.state.type, error: String(error) }));
      }
    }, this.gapMs);
  }

  /** Shares the work out anew and says so, though nothing changed: whoever holds a copy fetches it anew. */
  redistribute(actor: Actor | null, now: number): Redistributed {
    const change = this.compare();
    const audit = actor && { actor, action: 'load.redistribute' as const, before: null, after: null };
    this.store(change, 'asked', { visible: true, audit }, now);
    return change;
  }

  private tell(now: number): void {
    if (this.state.type === '') return;
    const change = this.compare();
    if (change.moved < MIN_MOVED) return;
    this.store(change, change.reason ?? 'room', { visible: false, audit: null }, now);
    this.deliver(now);
  }

  private store(
    { moved, changes }: Redistributed,
    reason: string,
    { visible, audit }: { readonly visible: boolean; readonly audit: AuditOf | null },
    now: number,
  ): void {
    const { type, revision } = this.state;
    const rooms = this.rooms();
    const data = {
      type,
      reason,
      revision: visible ? revision + 1 : revision,
      components: rooms.size,
      moved,
      changed: changes.length,
      shares: changes.slice(0, MAX_NAMED).map((change) => ({ ...change })),
    };
    const outbox = [typeEventDraft('load.redistributed', type, data, { now, ...(audit ? { audit } : {}) })];
    this.state.commit({ outbox, rooms: { before: this.before(), after: rooms }, visible }, now);
    this.told = rooms;
    this.toldAt = now;
  }

  private compare(): Redistributed {
    return redistributed(this.before(), this.rooms());
  }

  private before(): Map<string, number> {
    return (this.told ??= this.state.store.shares.load());
  }

  private rooms(): Map<string, number> {
    return new Map(Array.from(this.state.members, ([id, { record }]) => [id, capacityOf(record)]));
  }
}

type AuditOf = NonNullable<Parameters<typeof typeEventDraft>[3]['audit']>;
