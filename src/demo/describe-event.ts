import type { EventResource } from '../api/schemas/events/cloud-event.ts';

/** An event in a few words, or null when another event says the same. */
export function describeEvent({ type, data }: EventResource): string | null {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
  const because = text('reason') === '' ? '' : ` (${text('reason')})`;
  switch (type) {
    case 'component.health-changed':
      return `health: ${text('from')} → ${text('to')}${because}`;
    case 'component.failed':
    case 'component.recovered':
      return null;
    case 'component.root-cause-changed': {
      const causes = data['rootCause'] as readonly string[];
      return causes.length === 0 ? 'all it depends on is there' : `suffers from ${causes.join(', ')}`;
    }
    case 'recovery.started':
      return `recovery started: ${text('failureType')}${because}`;
    case 'recovery.action':
      return `recovery action: ${text('action')} ${text('status')}${text('detail') === '' ? '' : ` (${text('detail')})`}`;
    case 'recovery.succeeded':
      return 'recovery succeeded: proven healthy by checks';
    case 'recovery.failed':
      return `recovery ended: ${text('outcome')}`;
    default:
      return type;
  }
}
