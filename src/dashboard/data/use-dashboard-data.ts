import { useEffect, useState } from 'preact/hooks';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from '../session/describe-error.ts';
import { fetchDashboardData } from './fetch-dashboard-data.ts';
import type { DashboardData } from './dashboard-data.ts';
import { followVisible } from './follow-visible.ts';
import { pollVisible } from './poll-visible.ts';

/** Interval while the event stream is open: loads change without an event. */
const STREAMING_INTERVAL_MS = 10_000;
const INTERVAL_MS = 1_000;
const BACKOFF_MS = 5_000;

export interface DashboardState {
  readonly data: DashboardData | null;
  /** Epoch ms of the last successful round, by this machine's clock. */
  readonly updatedAt: number | null;
  /** Error of the last round; null when it succeeded. */
  readonly errorMessage: string | null;
}

/** Keeps the dashboard's data up to date. Calls `onRefused` when the coordinator no longer accepts the session. */
export function useDashboardData(client: CoordinatorClient, onRefused: (message: string) => void): DashboardState {
  const [state, setState] = useState<DashboardState>({ data: null, updatedAt: null, errorMessage: null });

  useEffect(() => {
    let previous: DashboardData | null = null;
    let stopped = false;
    let isStreaming = false;

    const round = async (): Promise<number> => {
      try {
        const data = await fetchDashboardData(client, previous);
        previous = data;
        if (!stopped) setState({ data, updatedAt: Date.now(), errorMessage: null });
        return isStreaming ? STREAMING_INTERVAL_MS : INTERVAL_MS;
      } catch (error) {
        const errorMessage = describeError(error);
        if (stopped) return BACKOFF_MS;
        if (isRefusal(error)) onRefused(errorMessage);
        else setState((before) => ({ ...before, errorMessage }));
        return Math.max(BACKOFF_MS, error instanceof CoordinatorError ? (error.retryAfterMs ?? 0) : 0);
      }
    };
    const polling = pollVisible({ round, minIntervalMs: INTERVAL_MS });
    const stopFollowing = followVisible(client, {
      onChange: polling.requestRound,
      onConnection: (isOpen) => {
        isStreaming = isOpen;
        // Events before the stream opened are not on it.
        polling.requestRound();
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
