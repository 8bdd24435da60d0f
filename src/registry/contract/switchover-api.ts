/** A switchover that an operator requests, and why the registry refuses one. */
import type { SwitchName } from '../../core/component/lifecycle-operation.ts';

export interface SwitchoverRequest {
  readonly action: SwitchName;
  /** Also switches back to a component that is not healthy. */
  readonly force: boolean;
}

export type SwitchoverRefusal =
  | 'too-many-changes'
  | 'being-removed'
  | 'not-in-service'
  | 'no-standby'
  | 'no-takeover'
  | 'held-back';
