/** The number of actions of an ended recovery, and the error of the last one. Pure. */
import { printable } from '../printable.ts';
import type { RecoveryAction } from './recovery-policy.ts';

export interface RecoveryWork {
  /** Number of actions, failed ones included. */
  readonly actions: number;
  /** Why the last action did not help, at most 512 characters; null if checks verified the component. */
  readonly error: string | null;
}

interface PerformedAction {
  readonly action: RecoveryAction;
  readonly status: 'running' | 'done' | 'failed' | 'skipped';
  readonly detail: string | null;
  readonly verification: 'none' | 'running' | 'proven' | 'unproven';
}

const MAX_ERROR_CHARACTERS = 512;

export const NO_WORK: RecoveryWork = { actions: 0, error: 'no action was performed' };

export function recoveryWork(actions: readonly PerformedAction[]): RecoveryWork {
  const last = actions.at(-1);
  return last ? { actions: actions.length, error: errorOf(last) } : NO_WORK;
}

function errorOf({ action, status, detail, verification }: PerformedAction): string | null {
  if (verification === 'proven') return null;
  const reason = status === 'failed' ? (detail ?? 'failed') : `${status}, but no checks verified the component`;
  return printable(`${action}: ${reason}`, MAX_ERROR_CHARACTERS);
}
