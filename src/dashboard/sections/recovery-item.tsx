import { useContext } from 'preact/hooks';
import type { RecoveryResource } from '../../api/schemas/failure.ts';
import { formatDuration } from '../format/duration.ts';
import { plainWords } from '../format/plain-words.ts';
import { NowContext } from '../parts/now-context.ts';

type Action = RecoveryResource['actions'][number];

const VERIFICATIONS: Readonly<Record<Action['verification'], string>> = {
  none: 'not verified yet',
  running: 'health checks are verifying it',
  proven: 'verified by health checks',
  unproven: 'component still not healthy',
};

/** One running recovery: its component, the failure that started it, and its current action. */
export function RecoveryItem({ recovery }: { readonly recovery: RecoveryResource }) {
  const now = useContext(NowContext);
  const action = recovery.actions.at(-1);
  return (
    <li
      class="grid gap-1 py-2 text-sm"
      data-testid="recovery"
      data-id={recovery.id}
      data-component={recovery.componentId}
    >
      <p class="flex flex-wrap items-baseline justify-between gap-x-3">
        <span class="font-mono font-medium">{recovery.componentId}</span>
        <time
          class="whitespace-nowrap"
          dateTime={recovery.startedAt}
          title={new Date(recovery.startedAt).toLocaleString()}
        >
          for {formatDuration(now - Date.parse(recovery.startedAt))}
        </time>
      </p>
      <p>
        <span class="text-base-content/70">after</span> {plainWords(recovery.failureType)}:{' '}
        {action ? <CurrentAction action={action} /> : 'planning'}
      </p>
    </li>
  );
}

function CurrentAction({ action }: { readonly action: Action }) {
  const attempt = action.attempts > 1 ? `, attempt ${action.attempts}` : '';
  return (
    <>
      <strong class="font-semibold">{plainWords(action.action)}</strong> {action.status}
      {attempt}
      <span class="text-base-content/70">, {VERIFICATIONS[action.verification]}</span>
      {action.detail ? <span class="text-base-content/70 block text-xs">{action.detail}</span> : null}
    </>
  );
}
