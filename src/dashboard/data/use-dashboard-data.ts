import { useEffect, useState } from 'preact/hooks';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from '../session/describe-error.ts';
import { fetchDashboardData } from './fetch-dashboard-data.ts';
import type { DashboardData } from './dashboard-data.ts';
import { followVisible } from './follow-visible.ts';
import { pollVisible } from './poll-visible.ts';

/** While changes are told of; loads move without. */
const CALM_MS = 10_000;
const INTERVAL_MS = 1_000;
const BACK_OFF_MS = 5_000;

export interface DashboardState {
  readonly fleet: DashboardData | null;
  /** Epoch ms of the last successful round, by this machine's clock. */
  readonly updatedAt: number | null;
  /** Why the last round failed; null when it succeeded. */
  readonly trouble: string | null;
}

/** The fleet, kept up to date; `onRefused` is told when the key is no longer accepted. */
export function useDashboardData(client: CoordinatorClient, onRefused: (message: string) => void): DashboardState {
  const [state, setState] = useState<DashboardState>({ fleet: null, updatedAt: null, trouble: null });

  useEffect(() => {
    let previous: DashboardData | null = null;
    let stopped = false;
    let isTold = false;

    const round = async (): Promise<number> => {
      try {
        const fleet = await fetchDashboardData(client, previous);
        previous = fleet;
        if (!stopped) setState({ fleet, updatedAt: Date.now(), trouble: null });
        return isTold ? CALM_MS : INTERVAL_MS;
      } catch (error) {
        const trouble = describeError(error);
        if (stopped) return BACK_OFF_MS;
        if (isRefusal(error)) onRefused(trouble);
        else setState((before) => ({ ...before, trouble }));
        return Math.max(BACK_OFF_MS, error instanceof CoordinatorError ? (error.retryAfterMs ?? 0) : 0);
      }
    };
    const polling = pollVisible({ round, apartMs: INTERVAL_MS });
    const stopFollowing = followVisible(client, {
      onChange: polling.poke,
      onConnection: (isOpen) => {
        isTold = isOpen;
        // What happened until now was told to nobody.
        polling.poke();
      },
    });
    return () => {
      stopped = true;
      stopFollowing();
      polling.stop();
    };
  }, [client, onRefused]);

  return state;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof CoordinatorError && (error.status === 401 || error.status === 403);
