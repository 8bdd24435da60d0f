/** Runs independent parts of one job: a failed part is logged and does not keep the others from running. */
import { logError } from './log-error.ts';

/**
 * Starts all parts synchronously, in their order, and resolves when all have ended. Never rejects. A failed part is
 * logged as `message` with the part's name.
 */
export async function runParts(message: string, parts: Readonly<Record<string, () => unknown>>): Promise<void> {
  await Promise.all(
    Object.entries(parts).map(async ([part, run]) => {
      try {
        await run();
      } catch (error) {
        logError(message, { part, error });
      }
    }),
  );
}
