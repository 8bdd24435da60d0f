/**
 * The registry's side of exact routing: decides on the load as it is, grants, and has who finds no room wait.
 *
 * Served in the order they came: room that somebody who waits could use is given to nobody who came later.
 * Room that is of no use to any of them is given on. Who waits is in memory alone: their calls end with the
 * object, and nothing was promised to them yet.
 */
import { nextEvenly } from '../core/balancing/even-spread.ts';
import type { HeldRoom } from '../core/lease/in-turn.ts';
import { holdRoomFor, serveInTurn } from '../core/lease/in-turn.ts';
import type { Decision } from './exact-decision.ts';
import { decideExactly, toldOfNobody, toldOfPick } from './exact-decision.ts';
import type { ExactFleet } from './exact-fleet.ts';
import type { AcquireRequest, Acquisition, WaitingCallers } from './lease-api.ts';
import type { BlockDesk } from './block-desk.ts';
import type { LeaseDesk } from './lease-desk.ts';
import type { RegistryState } from './registry-state.ts';

interface Waiting {
  readonly asked: AcquireRequest;
  /** The same at every try. */
  readonly splitAt: number;
  readonly since: number;
  readonly until: number;
  readonly answer: (acquisition: Acquisition) => void;
}

interface Desks {
  readonly leases: LeaseDesk;
  readonly blocks: BlockDesk;
}

/** Room also comes free without a lease that ends: with a check, a heartbeat, a registration. */
const LOOK_EVERY_MS = 100;
/** Whoever comes when so many wait is refused. */
const MAX_WAITING = 10_000;
/** So long after somebody was refused room is taken to be short. */
const SHORT_MS = 2_000;

export class AcquireDesk {
  private readonly state: RegistryState;
  private readonly exact: ExactFleet;
  private readonly leases: LeaseDesk;
  private readonly blocks: BlockDesk;
  /** Told when leases were granted to some who waited. */
  private readonly granted: () => void;
  private line: Waiting[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private splitAt = 0;
  /** When somebody was refused for want of room last. */
  private refusedAt = -Infinity;

  constructor(state: RegistryState, exact: ExactFleet, desks: Desks, granted: () => void) {
    this.state = state;
    this.exact = exact;
    this.leases = desks.leases;
    this.blocks = desks.blocks;
    this.granted = granted;
  }

  acquire(asked: AcquireRequest, now: number): Acquisition | Promise<Acquisition> {
    this.leases.expire(now);
    if (this.exact.bring(now)) this.serveLine(now);
    this.splitAt = nextEvenly(this.splitAt);
    const { splitAt } = this;
    const decision = decideExactly(this.exact, asked, splitAt, now);
    if (decision.pick.ok || !this.mayWait(asked, decision)) return this.conclude(asked, decision, now);
    return new Promise((answer) => {
      this.line.push({ asked, splitAt, since: now, until: now + asked.waitMs, answer });
      this.watch(now);
    });
  }

  /** Serves those who wait and for whom there is room by now. */
  serve(now: number): void {
    if (this.line.length > 0 && this.exact.bring(now)) this.serveLine(now);
  }

  waiting(now: number): WaitingCallers {
    const [first] = this.line;
    return { depth: this.line.length, oldestMs: first ? Math.max(0, now - first.since) : 0 };
  }

  /** Whether somebody waits for room, or was refused a moment ago. */
  isShort(now: number): boolean {
    return this.line.length > 0 || Math.abs(now - this.refusedAt) < SHORT_MS;
  }

  private serveLine(now: number): void {
    const { line } = this;
    if (line.length === 0) return;
    this.exact.release(now);
    const serve = ({ asked, splitAt, answer }: Waiting): boolean => {
      const decision = decideExactly(this.exact, asked, splitAt, now);
      if (decision.pick.ok) answer(this.conclude(asked, decision, now));
      return decision.pick.ok;
    };
    this.line = serveInTurn(line, serve, ({ asked }) => this.holdRoom(asked));
    if (this.line.length < line.length) this.granted();
  }

  private conclude(asked: AcquireRequest, { fleet, pick }: Decision, now: number): Acquisition {
    if (!pick.ok) {
      if (pick.reason === 'at-capacity') this.refusedAt = now;
      return toldOfNobody(this.exact, asked, { fleet, pick }, this.state, now);
    }
    const told = { ...toldOfPick(this.exact, asked, { fleet, pick }), revision: this.state.revision };
    if (asked.rehearsal) return { ...told, lease: null, block: null };
    const { candidate, position } = pick;
    const size = asked.takesBlock && !this.isShort(now) ? this.blocks.sizeAt(fleet, this.exact.work, position) : 0;
    const slots = size || asked.request.slots;
    const block = size > 0 ? this.blocks.grant(candidate.id, size, asked.ttlMs, now) : null;
    const lease = block ? null : this.leases.grant(candidate.id, { ttlMs: asked.ttlMs, slots }, now);
    this.exact.noteTaken(position, slots);
    return { ...told, lease: lease && { id: lease.id, expiresAt: lease.expiresAt }, block };
  }

  /** Whether it makes sense to wait; from then on room is held for it. */
  private mayWait(asked: AcquireRequest, { pick }: Decision): boolean {
    if (asked.waitMs === 0 || asked.rehearsal || pick.ok || pick.reason !== 'at-capacity') return false;
    return this.line.length < MAX_WAITING && this.holdRoom(asked).awaited > 0;
  }

  private holdRoom({ request }: AcquireRequest): HeldRoom {
    return holdRoomFor(request, this.exact.fleet, this.exact.work);
  }

  /** While anybody waits, looks again from time to time. */
  private watch(now: number): void {
    if (this.timer !== null || this.line.length === 0) return;
    const left = Math.min(...this.line.map(({ until }) => until)) - now;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        try {
          this.lookAgain(Date.now());
        } finally {
          this.watch(Date.now());
        }
      },
      Math.min(LOOK_EVERY_MS, Math.max(0, left)),
    );
  }

  private lookAgain(now: number): void {
    this.leases.expire(now);
    this.serve(now);
    const overdue = this.line.filter(({ until }) => until <= now);
    if (overdue.length === 0) return;
    this.line = this.line.filter(({ until }) => until > now);
    // The room that was held for them may serve who came later.
    this.serveLine(now);
    for (const { asked, splitAt, answer } of overdue)
      answer(this.conclude(asked, decideExactly(this.exact, asked, splitAt, now), now));
  }
}
