import type { EventResource } from '../api/schemas/events/cloud-event.ts';

/** A short text for an event, or null when another event gives the same information. */
export function describeEvent({ type, data }: EventResource): string | null {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '');
  const reasonSuffix = text('reason') === '' ? '' : ` (${text('reason')})`;
  switch (type) {
    case 'component.health-changed':
      return `health: ${text('from')} → ${text('to')}${reasonSuffix}`;
    case 'component.failed':
    case 'component.recovered':
      return null;
    case 'component.root-cause-changed': {
      const causes = data['rootCause'] as readonly string[];
      return causes.length === 0 ? 'all dependencies are healthy' : `affected by ${causes.join(', ')}`;
    }
    case 'recovery.started':
      return `recovery started: ${text('failureType')}${reasonSuffix}`;
    case 'recovery.action':
      return `recovery action: ${text('action')} ${text('status')}${text('detail') === '' ? '' : ` (${text('detail')})`}`;
    case 'recovery.succeeded':
      return 'recovery succeeded: verified by health checks';
    case 'recovery.failed':
      return `recovery ended: ${text('outcome')}${text('error') === '' ? '' : ` (${text('error')})`}`;
    default:
      return type;
  }
}
