import type { ControlAction } from '../component/control-action.ts';
import type { PlannedAction } from './recovery-plan.ts';
import { PROOF_MS } from './recovery-policy.ts';

/** The plan of an operator's request: the one action, then the wait for proof that the component is healthy. */
export const planRequested = (action: ControlAction): PlannedAction[] => [
  {
    action,
    attempts: 3,
    backoffMs: 500,
    verifyMs: PROOF_MS,
    optional: false,
    onlyIfPreviousSkipped: false,
    parameters: {},
    note: null,
    impossible: null,
  },
];
