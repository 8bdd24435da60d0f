import type { EventResource } from '../../api/schemas/events/cloud-event.ts';
import { formatClockTime } from '../format/clock-time.ts';
import { Panel } from '../parts/panel.tsx';
import { ProgramName } from '../parts/program-name.tsx';

interface EventListProps {
  readonly events: readonly EventResource[];
  readonly missing: boolean;
}

/** The newest entries of the event log. */
export function EventList({ events, missing }: EventListProps) {
  return (
    <Panel title="Newest events" count={events.length} empty="No events yet." missing={missing}>
      <table class="table-xs table [&_tbody_tr]:text-sm [&_tr>:first-child]:pl-4">
        <caption class="sr-only">Events, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">Subject</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.id} data-testid="event" data-type={event.type}>
              <td class="whitespace-nowrap">
                <time dateTime={event.time} title={new Date(event.time).toLocaleString()}>
                  {formatClockTime(event.time)}
                </time>
              </td>
              <td>
                <ProgramName name={event.type} />
              </td>
              <td class="font-mono text-xs">{event.subject}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
