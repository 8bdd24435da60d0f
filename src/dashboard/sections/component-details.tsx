import { useContext, useState } from 'preact/hooks';
import type { Component } from '../../api/schemas/component.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { formatPercent } from '../format/percent.ts';
import { describeError } from '../session/describe-error.ts';
import { SessionContext } from '../session/session-context.ts';

type Availability = Awaited<ReturnType<CoordinatorClient['health']>>['availability'];
type Operation = Parameters<CoordinatorClient['act']>[1];

interface Offer {
  readonly label: string;
  readonly operation: Operation;
}

const TAKE_OUT: readonly Offer[] = [
  { label: 'Drain', operation: { action: 'drain' } },
  { label: 'Maintenance, 1 h', operation: { action: 'maintenance', forMs: 3_600_000 } },
  { label: 'Isolate, 5 min', operation: { action: 'isolate' } },
];
const BRING_BACK: readonly Offer[] = [{ label: 'Restore', operation: { action: 'restore' } }];

/** What is fetched or done only when somebody looks: how available a component was, and what an operator may do. */
export function ComponentDetails({ component }: { readonly component: Component }) {
  const session = useContext(SessionContext);
  const [availability, setAvailability] = useState<Availability | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (!session) return null;
  const { client, mayOperate } = session;
  const isInService = component.lifecycle === 'active' || component.lifecycle === 'standby';

  const attempt = async (call: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      await call();
    } catch (error) {
      setTrouble(describeError(error));
    } finally {
      setBusy(false);
    }
  };
  const look = (event: { readonly currentTarget: HTMLDetailsElement }): void => {
    if (event.currentTarget.open)
      void attempt(async () => setAvailability((await client.health(component.id)).availability));
  };

  return (
    <details class="mt-1 text-xs" data-testid="component-details" onToggle={look}>
      <summary class="text-base-content/70 cursor-pointer">
        {mayOperate ? 'Availability, actions' : 'Availability'}
      </summary>
      {availability ? (
        <p class="my-1" data-testid="availability">
          {formatPercent(availability.hour)} in an hour, {formatPercent(availability.day)} in a day,{' '}
          {formatPercent(availability.month)} in 30 days
        </p>
      ) : null}
      {mayOperate ? (
        <p class="mt-1 flex flex-wrap gap-1">
          {(isInService ? TAKE_OUT : BRING_BACK).map(({ label, operation }) => (
            <button
              key={label}
              class="btn btn-xs"
              type="button"
              disabled={isBusy}
              onClick={() => void attempt(() => client.act(component.id, operation))}
            >
              {label}
            </button>
          ))}
        </p>
      ) : null}
      <p class="text-error empty:hidden" role="alert">
        {trouble}
      </p>
    </details>
  );
}
