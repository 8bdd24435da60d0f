/**
 * Background work of an object, such as the delivery of an outbox, that runs at most once at a time. A call during a
 * pass is combined with all others into one more pass.
 * Invariant: what was stored before a call is seen by a pass that begins after that call, or waits for a retry.
 */
export class BackgroundPass {
  private readonly pass: () => Promise<boolean>;
  private running: Promise<void> | null = null;
  private isRequested = false;

  /** `pass` does all pending work once and never rejects. It returns false if the rest must wait for a retry. */
  constructor(pass: () => Promise<boolean>) {
    this.pass = pass;
  }

  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Starts a pass, or requests one more after the running one. Resolves once no pass is left to run. */
  run(): Promise<void> {
    this.isRequested = true;
    // In a microtask, because the pass itself may call `run`.
    return (this.running ??= Promise.resolve().then(() => this.runRequested()));
  }

  private async runRequested(): Promise<void> {
    let isComplete = true;
    while (isComplete && this.isRequested) {
      this.isRequested = false;
      isComplete = await this.pass();
    }
    // Without an `await` since the last look at `isRequested`: a call in between would start nothing.
    this.running = null;
  }
}
