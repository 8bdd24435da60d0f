/** Runs independent parts of one job: a failed part is logged and does not keep the others from running. */
import { logError } from './log-error.ts';

/**
 * Starts all parts synchronously, in their order, and resolves when all have ended. Never rejects. A failed part is
 * logged as `message` with the part's name, and reported to `onFailure`.
 */
export async function runParts(
  message: string,
  parts: Readonly<Record<string, () => unknown>>,
  onFailure?: () => void,
): Promise<void> {
  await Promise.all(
    Object.entries(parts).map(async ([part, run]) => {
      try {
        await run();
      } catch (error) {
        logError(message, { part, error });
        onFailure?.();
      }
    }),
  );
}
