import type { CoordinatorClient } from '../../client/coordinator-client.ts';

interface FollowOptions {
  /** Called for each event. */
  readonly onChange: () => void;
  /** Called when the event stream opens or closes. */
  readonly onConnection: (isOpen: boolean) => void;
}

/**
 * Follows the event stream while the tab is visible and returns a function that stops it. Does not report errors of
 * the stream: the polling that goes on meanwhile gets the same error.
 */
export function followVisible(client: CoordinatorClient, { onChange, onConnection }: FollowOptions): () => void {
  let following: AbortController | null = null;

  const follow = async (controller: AbortController): Promise<void> => {
    try {
      for await (const _ of client.watchEvents({ onConnection, signal: controller.signal })) onChange();
    } catch {
      // The coordinator refused the stream. The polling goes on and reports the refusal.
    }
    if (following === controller) following = null;
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
