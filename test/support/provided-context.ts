/** What global set-up provides to tests through `inject`. */
declare module 'vitest' {
  export interface ProvidedContext {
    /** Base URL of the component server. */
    componentUrl: ComponentUrl;
  }
}

export type ComponentUrl = string;
