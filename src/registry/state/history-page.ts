/** A page of a component's history: samples and transitions in one list, the newest first. */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { MINUTE_MS, startOf } from '../../core/health/samples/availability.ts';
import type { SampleRecorder } from './sample-recorder.ts';
import { KEPT_MS } from './sample-recorder.ts';
import type { SampleStore } from '../storage/sample-store.ts';
import type { Span, StoredTransition } from '../../core/health/samples/stored-sample.ts';
import type { HistoryItem, HistoryPlace, HistoryQuery, HistoryPage } from '../contract/history-api.ts';

/** What may be read of a component's history: what had its id before it is none of it, nor is what is to come. */
export const spanOf = ({ from, to }: Span, { registeredAt }: ComponentRecord, now: number): Span => ({
  from: Math.max(from, startOf(registeredAt, MINUTE_MS), now - KEPT_MS),
  to: Math.min(to, now + 1),
});

export function historyPage(
  id: string,
  { from, to, after, limit }: HistoryQuery,
  desk: SampleRecorder,
  store: SampleStore,
): HistoryPage {
  const before = after ? { at: after.at, seq: after.seq ?? 0 } : { at: Infinity, seq: 0 };
  const ends = after ? (after.seq === null ? after.at : after.at + 1) : to;
  const transitions = store.transitions(id, { from, to }, { at: Math.min(before.at, to), seq: before.seq }, limit + 1);
  const samples = desk.samples(id, { from, to: Math.min(ends, to) });
  const items: HistoryItem[] = [];
  const places: HistoryPlace[] = [];
  let sample = samples.next();
  while (items.length <= limit && (transitions.length > 0 || !sample.done)) {
    const [transition] = transitions;
    if (transition && (sample.done || transition.at >= sample.value.at)) {
      items.push(toItem(transition));
      places.push({ at: transition.at, seq: transition.seq });
      transitions.shift();
    } else if (!sample.done) {
      items.push({ kind: 'sample', ...sample.value });
      places.push({ at: sample.value.at, seq: null });
      sample = samples.next();
    }
  }
  const isMore = items.length > limit;
  return { items: items.slice(0, limit), next: isMore ? (places[limit - 1] ?? null) : null };
}

const toItem = ({ at, kind, from, to, reason }: StoredTransition): HistoryItem => ({
  kind: 'transition',
  at,
  of: kind,
  from,
  to,
  reason,
});
