import { useState } from 'preact/hooks';
import type { SystemHealthResource } from '../../api/schemas/system.ts';
import { Panel } from '../parts/panel.tsx';
import { SeverityBadge } from '../parts/severity-badge.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';

const INITIAL_COUNT = 6;

/** The current issues, most severe first. */
export function IssueList({ issues }: { readonly issues: SystemHealthResource['issues'] }) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? issues : issues.slice(0, INITIAL_COUNT);
  return (
    <Panel title="Issues" count={issues.length} empty="No issues.">
      <ul class="divide-base-300 divide-y px-4 pb-2">
        {shown.map((issue) => (
          <li
            key={`${issue.code} ${issue.type} ${issue.componentId}`}
            class="grid grid-cols-[4.5rem_1fr] gap-x-3 gap-y-0.5 py-2 sm:grid-cols-[4.5rem_1fr_auto]"
            data-testid="issue"
            data-severity={issue.severity}
          >
            <span class="flex">
              <SeverityBadge severity={issue.severity} />
            </span>
            <span class="min-w-0 text-sm">
              {issue.message}
              {issue.affects > 0 ? (
                <span class="text-base-content/70 block">
                  affects {issue.affects === 1 ? '1 component' : `${issue.affects} components`}
                </span>
              ) : null}
            </span>
            <span class="text-base-content/70 col-start-2 text-sm sm:col-start-3">
              <TimeAgo at={issue.since} />
            </span>
          </li>
        ))}
      </ul>
      {issues.length > INITIAL_COUNT ? (
        <button
          class="btn btn-ghost btn-sm m-2 mt-0 self-start"
          type="button"
          aria-expanded={showsAll}
          onClick={() => setShowsAll(!showsAll)}
        >
          {showsAll ? 'Show fewer' : `Show all ${issues.length}`}
        </button>
      ) : null}
    </Panel>
  );
}
