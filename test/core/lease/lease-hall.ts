/** A registry's leases without the registry: the fleet, the book and the line, moved by hand. */
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { noWork } from '../../../src/core/balancing/open-work.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { holdRoomFor, serveInTurn } from '../../../src/core/lease/in-turn.ts';
import {
  dropLease,
  emptyBook,
  expiredLeases,
  lookAhead,
  noteLease,
  slotsTaken,
} from '../../../src/core/lease/lease-book.ts';
import { newLease } from '../../../src/core/lease/lease.ts';
import { candidateOf } from '../balancing/candidate-of.ts';

export interface Asked {
  readonly slots: number;
  readonly ttlMs: number;
  /** Rather nobody than another. */
  readonly insistsOn?: string;
}

interface Served {
  readonly asked: Asked;
  readonly componentId: string;
  /** Those who came before and still wait. */
  readonly before: readonly Asked[];
}

const requestOf = ({ slots, insistsOn }: Asked): RouteRequest => ({
  taskType: null,
  location: null,
  preferences: insistsOn === undefined ? {} : { preferredComponent: insistsOn, strict: true },
  slots,
  affinityKey: null,
  assumedDown: [],
});

export class LeaseHall {
  readonly book = emptyBook();
  line: Asked[] = [];
  /** Whom each turn served. */
  served: Served[] = [];
  now = 1_000_000;
  readonly rooms: ReadonlyMap<string, number>;
  private readonly fleet;
  private readonly work;
  private nextId = 0;
  private readonly random: () => number;

  constructor(rooms: readonly number[], random: () => number) {
    this.rooms = new Map(rooms.map((room, at) => [`c-${at}`, room]));
    const candidates = Array.from(this.rooms, ([id, room]) =>
      candidateOf(id, { maxConcurrentTasks: room === Infinity ? null : room }),
    );
    this.fleet = compileFleet(candidates, DEFAULT_BALANCING, 0);
    this.work = noWork(candidates.length);
    this.random = random;
  }

  /** Comes to the end of the line; is served at once when nobody before has a use for the room. */
  ask(asked: Asked): void {
    this.line = [...this.line, asked];
    this.turn();
  }

  complete(id: string): void {
    dropLease(this.book, id);
    this.turn();
  }

  passes(ms: number): void {
    this.now += ms;
    for (const { id } of expiredLeases(this.book, this.now)) dropLease(this.book, id);
    lookAhead(this.book);
    this.turn();
  }

  private turn(): void {
    this.served = [];
    for (const [position, id] of [...this.rooms.keys()].entries()) this.work.open[position] = slotsTaken(this.book, id);
    this.line = serveInTurn(
      this.line,
      (asked) => this.serve(asked),
      (asked) => holdRoomFor(requestOf(asked), this.fleet, this.work),
    );
  }

  private serve(asked: Asked): boolean {
    const context = { work: this.work, random: this.random, splitAt: 0, mode: 'exact', segment: null } as const;
    const pick = pickComponent(this.fleet, requestOf(asked), context);
    if (!pick.ok) return false;
    noteLease(this.book, newLease(`l-${this.nextId++}`, pick.candidate.id, asked, this.now));
    this.work.open[pick.position]! += asked.slots;
    const servedBefore = new Set(this.served.map((each) => each.asked));
    const before = this.line.slice(0, this.line.indexOf(asked)).filter((each) => !servedBefore.has(each));
    this.served.push({ asked, componentId: pick.candidate.id, before });
    return true;
  }
}
