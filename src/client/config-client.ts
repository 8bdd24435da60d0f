/** The calls of the client that are about configuration, the same for every place where it can be set. */
import type {
  ConfigDiff,
  ConfigHistoryPage,
  EffectiveComponentConfigResource,
  EffectiveConfigResource,
  EffectiveTypeConfigResource,
  KeptConfig,
} from '../api/schemas/config.ts';
import type { ComponentConfig } from '../core/config/component-config.ts';
import type { GlobalConfig, TypeConfig } from '../core/config/settings.ts';
import type { Call, Send } from './http-transport.ts';
import type { WatchOptions } from './watch-config.ts';
import { watchConfig } from './watch-config.ts';

/** Whose document: of all types, of one, of one component. */
export type ConfigPlace = 'all' | { readonly type: string } | { readonly component: string };

type DocumentAt<P extends ConfigPlace> = P extends 'all'
  ? GlobalConfig
  : P extends { readonly type: string }
    ? TypeConfig
    : ComponentConfig;

type EffectiveAt<P extends ConfigPlace> = P extends 'all'
  ? EffectiveConfigResource
  : P extends { readonly type: string }
    ? EffectiveTypeConfigResource
    : EffectiveComponentConfigResource;

/** `etag` is the `ifMatch` of a change that is meant for exactly this document. */
interface Held<T> {
  readonly document: T;
  readonly etag: string;
}

interface PutOptions {
  readonly ifMatch?: string;
}

export class ConfigClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** What somebody set there, and nothing else. */
  get<P extends ConfigPlace>(place: P): Promise<Held<DocumentAt<P>>> {
    return this.#document({ path: pathOf(place) });
  }

  /**
   * Sets it in the place of what was set there; an empty document sets nothing. Adds a type that is not there.
   * 412 `CoordinatorError` when what was set is not what `ifMatch` says.
   */
  put<P extends ConfigPlace>(
    place: P,
    document: DocumentAt<P>,
    { ifMatch }: PutOptions = {},
  ): Promise<Held<DocumentAt<P>>> {
    return this.#document({ method: 'PUT', path: pathOf(place), body: document, ifMatch });
  }

  /** What is in force there, and who set it. */
  effective<P extends ConfigPlace>(place: P): Promise<EffectiveAt<P>> {
    return this.#call(
      isComponent(place)
        ? { path: effectivePath(place.component) }
        : { path: pathOf(place), query: { effective: 'true' } },
    );
  }

  /** What is in force for a component now, and then each time that it has changed; for ever, or until the signal. */
  watch(component: string, options: WatchOptions = {}): AsyncGenerator<EffectiveComponentConfigResource, void> {
    return watchConfig(this.#send, effectivePath(component), options);
  }

  /** One page of a document's revisions, the newest first. */
  history(
    place: ConfigPlace,
    query: { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<ConfigHistoryPage> {
    return this.#call({ path: pathOf(place, '/history'), query });
  }

  /** A document as it was. */
  revision(place: ConfigPlace, revision: number): Promise<KeptConfig> {
    return this.#call({ path: pathOf(place, `/history/${revision}`) });
  }

  /** How one revision became another, as a JSON Patch; by default what the last change did. */
  diff(place: ConfigPlace, query: { readonly from?: number; readonly to?: number } = {}): Promise<ConfigDiff> {
    return this.#call({ path: pathOf(place, '/diff'), query });
  }

  /** Puts an earlier document anew, after all the checks of a put. */
  rollBack<P extends ConfigPlace>(
    place: P,
    revision: number,
    { ifMatch }: PutOptions = {},
  ): Promise<Held<DocumentAt<P>>> {
    return this.#document({ method: 'POST', path: pathOf(place, '/rollback'), body: { revision }, ifMatch });
  }

  async #document<T>(call: Call): Promise<Held<T>> {
    const { body, etag } = await this.#send(call);
    return { document: body as T, etag: etag ?? '' };
  }

  async #call<T>(call: Call): Promise<T> {
    return (await this.#send(call)).body as T;
  }
}

const isComponent = (place: ConfigPlace): place is { readonly component: string } =>
  place !== 'all' && 'component' in place;

const effectivePath = (component: string): string => `/v1/components/${encodeURIComponent(component)}/config`;

function pathOf(place: ConfigPlace, rest = ''): string {
  if (place === 'all') return `/v1/config${rest}`;
  const [kind, name] = isComponent(place) ? ['components', place.component] : ['types', place.type];
  return `/v1/config/${kind}/${encodeURIComponent(name)}${rest}`;
}
