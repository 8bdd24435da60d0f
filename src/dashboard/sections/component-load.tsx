import type { Component } from '../../api/schemas/component.ts';

/** The load of a component, in percent of its capacity, and its number of active connections. */
export function ComponentLoad({ component }: { readonly component: Component }) {
  const percent = Math.round(component.load.loadPercentage);
  const colour = percent >= 90 ? 'progress-error' : percent >= 75 ? 'progress-warning' : 'progress-info';
  return (
    <>
      <span class="flex items-center gap-2 whitespace-nowrap">
        <progress
          class={`progress ${colour} hidden w-16 sm:block`}
          max={100}
          value={Math.min(100, percent)}
          aria-label={`Load of ${component.id}`}
        />
        <span>{percent} %</span>
      </span>
      <span class="text-base-content/70 text-xs whitespace-nowrap">{component.load.activeConnections} active</span>
    </>
  );
}
