import type { Component } from '../../api/schemas/component.ts';
import { formatResponseTime } from '../format/response-time.ts';
import { ProgramName } from '../parts/program-name.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';
import { ComponentDetails } from './component-details.tsx';
import { ComponentLoad } from './component-load.tsx';
import { ComponentStatus } from './component-status.tsx';

/**
 * One component. On narrow screens some columns are hidden, and their values appear as small print in the remaining
 * ones.
 */
export function ComponentRow({ component }: { readonly component: Component }) {
  const { health } = component;
  return (
    <tr class="*:align-top" data-testid="component-row" data-id={component.id} data-status={health.status}>
      <th scope="row" class="font-normal">
        <span class="block font-medium">{component.name}</span>
        <span class="text-base-content/70 block font-mono text-xs">{component.id}</span>
        <span class="text-base-content/70 block font-mono text-xs lg:hidden">
          <ProgramName name={component.type} />
        </span>
        <ComponentDetails component={component} />
      </th>
      <td class="hidden font-mono text-xs lg:table-cell">
        <ProgramName name={component.type} />
      </td>
      <td>
        <ComponentStatus component={component} />
        <p class="text-base-content/70 mt-1 text-xs md:hidden">
          since <TimeAgo at={health.since} />
        </p>
        {health.lastFailure ? (
          <p class="text-base-content/70 text-xs md:hidden">
            last failure <TimeAgo at={health.lastFailure} />
          </p>
        ) : null}
      </td>
      <td class="hidden md:table-cell">
        <TimeAgo at={health.since} />
      </td>
      <td>
        <ComponentLoad component={component} />
        <span class="text-base-content/70 block text-xs whitespace-nowrap md:hidden">
          {formatResponseTime(health.responseTime)}
        </span>
      </td>
      <td class="hidden text-right whitespace-nowrap md:table-cell">{formatResponseTime(health.responseTime)}</td>
      <td class="hidden md:table-cell">
        <TimeAgo at={health.lastFailure} />
      </td>
    </tr>
  );
}
