/** Who carries out what is asked of a component: its own control endpoint first, else its type's controller. */
import type { ControlAction, Controller } from './control-action.ts';
import { CONTROL_ACTIONS } from './control-action.ts';
import type { Registration } from './registration.ts';

export interface ControlRoute {
  readonly url: string;
  /** Whose secret signs the call: the component's own, or that of its type. */
  readonly signer: 'component' | 'type';
}

/** Where a component takes an action; null when nobody takes it. */
export function controlRouteOf(
  { control, endpoint }: Registration,
  controller: Controller | null,
  action: ControlAction,
): ControlRoute | null {
  if (control?.actions.includes(action)) {
    const url = URL.parse(control.endpoint, endpoint)?.href;
    return url === undefined ? null : { url, signer: 'component' };
  }
  return controller?.actions.includes(action) ? { url: controller.url, signer: 'type' } : null;
}

/** What can be asked of a component at all. */
export const controlActionsOf = (registration: Registration, controller: Controller | null): ControlAction[] =>
  CONTROL_ACTIONS.filter((action) => controlRouteOf(registration, controller, action) !== null);
