/** The endpoint that executes control actions: the component's own endpoint first, else the type's controller. */
import { resolveUrl } from '../outbound/resolve-url.ts';
import type { ControlAction, Controller } from './control-action.ts';
import { CONTROL_ACTIONS } from './control-action.ts';
import type { Registration } from './registration.ts';

export interface ControlRoute {
  readonly url: string;
  /** Owner of the secret that signs the call. */
  readonly signer: 'component' | 'type';
}

/** The endpoint for an action on a component; null when neither endpoint supports the action. */
export function controlRouteOf(
  { control, endpoint }: Registration,
  controller: Controller | null,
  action: ControlAction,
): ControlRoute | null {
  if (control?.actions.includes(action)) {
    const url = resolveUrl(control.endpoint, endpoint)?.href;
    return url === undefined ? null : { url, signer: 'component' };
  }
  return controller?.actions.includes(action) ? { url: controller.url, signer: 'type' } : null;
}

/** The actions that the component's endpoint or the type's controller supports. */
export const controlActionsOf = (registration: Registration, controller: Controller | null): ControlAction[] =>
  CONTROL_ACTIONS.filter((action) => controlRouteOf(registration, controller, action) !== null);
