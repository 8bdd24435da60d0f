import { useContext, useState } from 'preact/hooks';
import type { Component } from '../../api/schemas/component.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { formatPercent } from '../format/percent.ts';
import { describeError } from '../session/describe-error.ts';
import { SessionContext } from '../session/session-context.ts';

type Availability = Awaited<ReturnType<CoordinatorClient['health']>>['availability'];
type Operation = Parameters<CoordinatorClient['act']>[1];

interface OperationButton {
  readonly label: string;
  readonly operation: Operation;
}

const IN_SERVICE_OPERATIONS: readonly OperationButton[] = [
  { label: 'Drain', operation: { action: 'drain' } },
  { label: 'Maintenance, 1 h', operation: { action: 'maintenance', durationMs: 3_600_000 } },
  { label: 'Isolate, 5 min', operation: { action: 'isolate' } },
];
const OUT_OF_SERVICE_OPERATIONS: readonly OperationButton[] = [{ label: 'Restore', operation: { action: 'restore' } }];

/** Availability and operator actions of one component. Fetches only when the reader opens the details. */
export function ComponentDetails({ component }: { readonly component: Component }) {
  const session = useContext(SessionContext);
  const [availability, setAvailability] = useState<Availability | null>(null);
  const [errorMessage, setErrorMessage] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (!session) return null;
  const { client, mayOperate } = session;
  const isInService = component.lifecycle === 'active' || component.lifecycle === 'standby';

  const run = async (call: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setErrorMessage(null);
    try {
      await call();
    } catch (error) {
      setErrorMessage(describeError(error));
    } finally {
      setBusy(false);
    }
  };
  const fetchOnOpen = (event: { readonly currentTarget: HTMLDetailsElement }): void => {
    if (event.currentTarget.open)
      void run(async () => setAvailability((await client.health(component.id)).availability));
  };

  return (
    <details class="mt-1 text-xs" data-testid="component-details" onToggle={fetchOnOpen}>
      <summary class="text-base-content/70 cursor-pointer">
        {mayOperate ? 'Availability and actions' : 'Availability'}
      </summary>
      {availability ? (
        <p class="my-1" data-testid="availability">
          {formatPercent(availability.hour)} last hour, {formatPercent(availability.day)} last day,{' '}
          {formatPercent(availability.month)} last 30 days
        </p>
      ) : null}
      {mayOperate ? (
        <p class="mt-1 flex flex-wrap gap-1">
          {(isInService ? IN_SERVICE_OPERATIONS : OUT_OF_SERVICE_OPERATIONS).map(({ label, operation }) => (
            <button
              key={label}
              class="btn btn-xs"
              type="button"
              disabled={isBusy}
              onClick={() => void run(() => client.act(component.id, operation))}
            >
              {label}
            </button>
          ))}
        </p>
      ) : null}
      <p class="text-error empty:hidden" role="alert">
        {errorMessage}
      </p>
    </details>
  );
}
