/**
 * The drills of a type: begins a drill unless it would do harm, ends it when its time expires, and publishes its
 * events. A drill that ends before its time is ended by its recovery (`recoveries.ts`).
 */
import type { Actor } from '../../core/access/actor.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Drill, NewDrill } from '../../core/drill/drill.ts';
import { beginDrill, endDrill, hasDrillExpired, toDrill } from '../../core/drill/drill.ts';
import type { DrillRefusal } from '../../core/drill/refuse-drill.ts';
import { refuseDrill } from '../../core/drill/refuse-drill.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { drillEndedDraft } from './drill-events.ts';
import { isRoutable } from '../state/component-views.ts';
import { componentEventDraft } from '../state/component-events.ts';
import type { Recoveries } from './recoveries.ts';
import type { RegistryState } from '../state/registry-state.ts';

export class Drills {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, recoveries: Recoveries) {
    this.state = state;
    this.recoveries = recoveries;
  }

  /** Begins a drill. A second call with the same id returns the same drill. */
  begin(
    componentId: string,
    begin: NewDrill,
    actor: Actor | null,
    now: number,
  ): Result<Drill, DrillRefusal | 'unknown-component'> {
    const known = this.find(begin.id);
    if (known) return ok(known);
    const record = this.state.members.get(componentId)?.record;
    if (!record) return fail('unknown-component', `${componentId} is not registered`);
    const others = this.records().filter((other) => other !== record);
    const refusal = refuseDrill({ record, others, isRoutable, selfDoubt: this.state.selfDoubt.kind });
    if (refusal) return refusal;
    const active = beginDrill(begin, now, this.state.configFor(componentId).recoveryTimeout);
    const drill = toDrill(record.registration, active);
    const next = { ...record, recovery: { ...record.recovery, drill: active } };
    const { id, fault, execute } = begin;
    const after = { componentId, fault, execute };
    const audit = actor && ({ actor, action: 'drill.begin', subject: id, before: null, after } as const);
    const context = { ...this.state.draftContext(next, now), newId: () => `${id}:began`, audit };
    const event = componentEventDraft('drill.began', next, { drillId: id, fault, execute }, context);
    this.state.commit({ records: [next], drills: [drill], outbox: [event], visible: true }, now);
    return ok(drill);
  }

  /**
   * Ends drills whose time has expired. A recovery that still runs for such a drill ends before its next action.
   * Returns true if any drill ended.
   */
  expire(now: number): boolean {
    let ended = false;
    for (const { record } of this.state.due(now)) {
      const { recovery, registration } = record;
      if (!recovery.drill || !hasDrillExpired(recovery.drill, now)) continue;
      const order = recovery.active?.order;
      if (order?.drillId === recovery.drill.id) this.recoveries.cancel(registration.id, order.recoveryId, null, now);
      const member = this.state.members.get(registration.id)!;
      const end = endDrill(member.record, 'timeout', now);
      if (!end) continue;
      const outbox = [drillEndedDraft(end.record, end.drill, this.state.draftContext(end.record, now))];
      this.state.commit({ records: [end.record], drills: [end.drill], outbox, visible: true }, now);
      // The running check would still find the injected failure.
      member.check = null;
      ended = true;
    }
    return ended;
  }

  find(id: string): Drill | undefined {
    return this.list().find((drill) => drill.id === id);
  }

  /** Newest first. A stored drill that is marked as running, but that no member has, is returned as `aborted`. */
  list(): Drill[] {
    const running = new Map(
      this.records().flatMap(({ registration, recovery }) =>
        recovery.drill ? [[recovery.drill.id, toDrill(registration, recovery.drill)] as const] : [],
      ),
    );
    return this.state.store.drills
      .list()
      .map((drill) =>
        drill.outcome === 'running' ? (running.get(drill.id) ?? { ...drill, outcome: 'aborted' }) : drill,
      );
  }

  private records(): ComponentRecord[] {
    return Array.from(this.state.members.values(), ({ record }) => record);
  }
}
