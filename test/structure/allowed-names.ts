/** Names in src that hold a retired word all the same, each with the reason. */
export const ALLOWED_NAMES: ReadonlyMap<string, string> = new Map([
  ['shadow', 'column of the table `components` and of its rows'],
  ['told', 'column of the tables `component_configs` and `shadows`'],
  ['room', 'column of the table `told_rooms`'],
  ['nudge', 'kind of the rows in the outbox'],
  ['Fleet', 'the components that the demo runs'],
  ['FLEET_PLAN', 'the components that the demo runs'],
  ['fleet', 'the components that the demo runs'],
]);
