import type { CoordinatorClient } from '../../client/coordinator-client.ts';

interface FollowOptions {
  /** Something has happened. */
  readonly onChange: () => void;
  /** Whether changes are told of now. */
  readonly onConnection: (isOpen: boolean) => void;
}

/**
 * Says that something has happened, while the tab is visible. Never says why there is no stream: whoever polls in its
 * place finds out.
 */
export function followVisible(client: CoordinatorClient, { onChange, onConnection }: FollowOptions): () => void {
  let following: AbortController | null = null;

  const follow = async (over: AbortController): Promise<void> => {
    try {
      for await (const _ of client.watchEvents({ onConnection, signal: over.signal })) onChange();
    } catch {
      // Refused for good: rounds of calls go on, and are refused as well.
    }
    if (following === over) following = null;
    onConnection(false);
  };
  const onVisibility = (): void => {
    if (document.hidden) {
      following?.abort();
      following = null;
    } else if (!following) {
      following = new AbortController();
      void follow(following);
    }
  };

  document.addEventListener('visibilitychange', onVisibility);
  onVisibility();
  return () => {
    following?.abort();
    following = null;
    document.removeEventListener('visibilitychange', onVisibility);
  };
}
