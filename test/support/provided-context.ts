/** What global set-up provides to tests through `inject`. */
import type { Place } from './health-answers/health-answer.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Base URL of the component server. */
    componentUrl: ComponentUrl;
    answers: AnswerUrls;
  }
}

export type ComponentUrl = string;

export interface AnswerUrls {
  /** Base URL of the answer server. */
  readonly url: string;
  readonly places: Readonly<Record<Place, string>>;
}
