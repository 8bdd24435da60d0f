/** Actions that a control endpoint or a controller can be asked to perform. */
export const CONTROL_ACTIONS = ['restart', 'scale_up'] as const;
export type ControlAction = (typeof CONTROL_ACTIONS)[number];

/** Performs actions for components of a type that have no control endpoint for the action. */
export interface Controller {
  readonly url: string;
  readonly actions: readonly ControlAction[];
}
