/** The demo's output: aligned lines, with colours only on a terminal. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export class Narrator {
  title(text: string): void {
    console.log(paint('bold', text));
  }

  fact(name: string, text: string): void {
    console.log(`  ${name.padEnd(12)} ${text}`);
  }

  heading(text: string): void {
    console.log(`\n${paint('bold', text)}`);
    this.line(0, paint('yellow', 'fault'));
  }

  /** Prints an observation `ms` after the fault. */
  line(ms: number, text: string): void {
    console.log(`  ${paint('dim', `+${this.seconds(ms)}`.padStart(9))}  ${text}`);
  }

  verdict(isGood: boolean, text: string): void {
    console.log(`\n${paint(isGood ? 'green' : 'red', text)}`);
  }

  warning(text: string): void {
    console.log(paint('yellow', text));
  }

  seconds(ms: number): string {
    return `${(ms / 1_000).toFixed(1)} s`;
  }
}

/** `styleText` omits colours when the stream is not a terminal or NO_COLOR is set. */
const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });
