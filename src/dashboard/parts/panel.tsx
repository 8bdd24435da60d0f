import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface PanelProps {
  readonly title: string;
  readonly count?: number;
  /** Shown instead of the content when `count` is 0. */
  readonly empty?: string;
  /** The last round of calls could not fetch this part. */
  readonly missing?: boolean;
  readonly children: ComponentChildren;
}

/** A section of the page with a title. */
export function Panel({ title, count, empty, missing = false, children }: PanelProps) {
  const id = useId();
  return (
    <section class="card card-border bg-base-100 min-w-0" aria-labelledby={id}>
      <div class="flex flex-wrap items-baseline gap-x-2 px-4 pt-3 pb-2">
        <h2 id={id} class="font-semibold">
          {title}
        </h2>
        {count ? <span class="text-base-content/70 text-sm">{count}</span> : null}
        {missing ? <span class="text-warning text-sm font-medium">currently unavailable</span> : null}
      </div>
      {count === 0 && empty ? (
        <p class="text-base-content/70 px-4 pb-4 text-sm">{missing ? 'Unknown.' : empty}</p>
      ) : (
        children
      )}
    </section>
  );
}
