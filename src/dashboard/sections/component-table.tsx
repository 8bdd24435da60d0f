import { useMemo, useState } from 'preact/hooks';
import type { Component } from '../../api/schemas/component.ts';
import { MAX_COMPONENTS } from '../data/fetch-components.ts';
import { Panel } from '../parts/panel.tsx';
import { ComponentFilterBar } from './component-filter-bar.tsx';
import { ComponentRow } from './component-row.tsx';
import type { ComponentFilter } from './select-components.ts';
import { selectComponents } from './select-components.ts';

const MAX_ROWS = 300;

interface ComponentTableProps {
  readonly components: readonly Component[];
  /** Number of registered components; more than `components.length` in a very large system. */
  readonly total: number;
  readonly missing: boolean;
}

/** All components, worst status first. */
export function ComponentTable({ components, total, missing }: ComponentTableProps) {
  const [filter, setFilter] = useState<ComponentFilter>({ text: '', type: '' });
  const types = useMemo(() => [...new Set(components.map((component) => component.type))].toSorted(), [components]);
  const selected = useMemo(() => selectComponents(components, filter), [components, filter]);
  const shown = selected.slice(0, MAX_ROWS);
  return (
    <Panel title="Components" count={total} empty="No components yet." missing={missing}>
      <ComponentFilterBar filter={filter} types={types} onChange={setFilter} />
      <TruncationNote shown={shown.length} selected={selected.length} loaded={components.length} total={total} />
      <table class="table-sm table [&_tbody_tr]:text-sm [&_tr>:first-child]:pl-4">
        <caption class="sr-only">Components with health and load, worst status first</caption>
        <thead>
          <tr>
            <th scope="col">Component</th>
            <th scope="col" class="hidden lg:table-cell">
              Type
            </th>
            <th scope="col">Status</th>
            <th scope="col" class="hidden md:table-cell">
              Since
            </th>
            <th scope="col">Load</th>
            <th scope="col" class="hidden text-right md:table-cell">
              Response time
            </th>
            <th scope="col" class="hidden md:table-cell">
              Last failure
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((component) => (
            <ComponentRow key={component.id} component={component} />
          ))}
        </tbody>
      </table>
      {selected.length === 0 ? <p class="text-base-content/70 p-4 text-sm">No component matches.</p> : null}
    </Panel>
  );
}

interface TruncationNoteProps {
  readonly shown: number;
  readonly selected: number;
  readonly loaded: number;
  readonly total: number;
}

function TruncationNote({ shown, selected, loaded, total }: TruncationNoteProps) {
  const notes: string[] = [];
  if (shown < selected)
    notes.push(`Showing the first ${shown} of ${selected}, worst status first. Filter to see others.`);
  if (loaded >= MAX_COMPONENTS && loaded < total)
    notes.push(`Only the worst ${loaded} of ${total} components are loaded.`);
  return (
    <p class="text-base-content/70 px-4 pb-2 text-sm empty:hidden" role="note" data-testid="cut-note">
      {notes.join(' ')}
    </p>
  );
}
