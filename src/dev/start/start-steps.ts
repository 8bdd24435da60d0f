/** Timed steps of `npm start`: one line per finished step, and a sign of life while a step takes long. */
const NOTICE_EVERY_MS = 5_000;
const NAME_WIDTH = 10;

export interface StepResult<Value> {
  readonly value: Value;
  /** Outcome of the step, for its line. */
  readonly outcome: string;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1).padStart(5)} s`;

/** Runs a step and prints its name, outcome and duration. Prints a notice every five seconds until the step ends. */
export async function runStep<Value>(
  name: string,
  doing: string,
  step: () => Promise<StepResult<Value>>,
): Promise<Value> {
  const startedAt = performance.now();
  const elapsed = (): string => seconds(performance.now() - startedAt);
  const print = (text: string): void => console.log(`  ${name.padEnd(NAME_WIDTH)} ${elapsed()}   ${text}`);
  const notice = setInterval(() => print(`${doing} …`), NOTICE_EVERY_MS);
  try {
    const { value, outcome } = await step();
    print(outcome);
    return value;
  } finally {
    clearInterval(notice);
  }
}
