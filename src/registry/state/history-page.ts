/** A page of a component's history: samples and transitions in one list, newest first. */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { MINUTE_MS, startOf } from '../../core/health/samples/availability.ts';
import type { SampleRecorder } from './sample-recorder.ts';
import { RETENTION_MS } from './sample-recorder.ts';
import type { SampleStore } from '../storage/sample-store.ts';
import type { Span, StoredTransition } from '../../core/health/samples/stored-sample.ts';
import type { HistoryItem, HistoryCursor, HistoryQuery, HistoryPage } from '../contract/history-api.ts';

/**
 * Clips a span to the readable part of a component's history. An earlier component with the same id is not part of it,
 * nor is the time beyond the retention, nor the future.
 */
export const readableSpan = ({ from, to }: Span, { registeredAt }: ComponentRecord, now: number): Span => ({
  from: Math.max(from, startOf(registeredAt, MINUTE_MS), now - RETENTION_MS),
  to: Math.min(to, now + 1),
});

export function historyPage(
  id: string,
  { from, to, after, limit }: HistoryQuery,
  recorder: SampleRecorder,
  store: SampleStore,
): HistoryPage {
  const before = after ? { at: after.at, seq: after.seq ?? 0 } : { at: Infinity, seq: 0 };
  const samplesTo = after ? (after.seq === null ? after.at : after.at + 1) : to;
  const transitions = store.transitions(id, { from, to }, { at: Math.min(before.at, to), seq: before.seq }, limit + 1);
  const samples = recorder.samples(id, { from, to: Math.min(samplesTo, to) });
  const items: HistoryItem[] = [];
  const cursors: HistoryCursor[] = [];
  let sample = samples.next();
  while (items.length <= limit && (transitions.length > 0 || !sample.done)) {
    const [transition] = transitions;
    if (transition && (sample.done || transition.at >= sample.value.at)) {
      items.push(toItem(transition));
      cursors.push({ at: transition.at, seq: transition.seq });
      transitions.shift();
    } else if (!sample.done) {
      items.push({ kind: 'sample', ...sample.value });
      cursors.push({ at: sample.value.at, seq: null });
      sample = samples.next();
    }
  }
  const hasMore = items.length > limit;
  return { items: items.slice(0, limit), next: hasMore ? (cursors[limit - 1] ?? null) : null };
}

const toItem = ({ at, kind, from, to, reason }: StoredTransition): HistoryItem => ({
  kind: 'transition',
  at,
  field: kind,
  from,
  to,
  reason,
});
