/** Whether work ends well within a time. Never rejects, and leaves no timer behind. */
export function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), Math.max(0, ms));
    const end = (isWell: boolean) => (): void => {
      clearTimeout(timer);
      resolve(isWell);
    };
    work.then(end(true), end(false));
  });
}
