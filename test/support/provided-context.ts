/** Values that global setup provides to tests through `inject`. */
import type { Place } from './health-answers/health-answer.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Base URL of the component server. */
    componentUrl: ComponentUrl;
    healthResponses: HealthResponseUrls;
  }
}

export type ComponentUrl = string;

export interface HealthResponseUrls {
  /** Base URL of the server of health check responses. */
  readonly url: string;
  readonly places: Readonly<Record<Place, string>>;
}
