import type { ComponentFilter } from './select-components.ts';

interface ComponentFilterBarProps {
  readonly filter: ComponentFilter;
  readonly types: readonly string[];
  readonly onChange: (filter: ComponentFilter) => void;
}

/** Filters the component table by text and type. */
export function ComponentFilterBar({ filter, types, onChange }: ComponentFilterBarProps) {
  return (
    <form class="flex flex-wrap gap-2 px-4 pb-2" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="min-w-0 flex-1 basis-48 sm:max-w-xs">
        <span class="sr-only">Filter components by name, id or status</span>
        <input
          class="input input-sm w-full"
          type="search"
          placeholder="Name, id or status"
          data-testid="filter-text"
          value={filter.text}
          onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        />
      </label>
      <label class="min-w-0 flex-1 basis-40 sm:max-w-56">
        <span class="sr-only">Component type</span>
        <select
          class="select select-sm w-full"
          data-testid="filter-type"
          value={filter.type}
          onChange={(event) => onChange({ ...filter, type: event.currentTarget.value })}
        >
          <option value="">All types</option>
          {types.map((type) => (
            <option key={type} value={type}>
              {type}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
