/** What can be asked of whoever runs a component. */
export const CONTROL_ACTIONS = ['restart', 'scale_up'] as const;
export type ControlAction = (typeof CONTROL_ACTIONS)[number];

/** Who is asked for components of a type that have no control endpoint of their own for the action. */
export interface Controller {
  readonly url: string;
  readonly actions: readonly ControlAction[];
}
