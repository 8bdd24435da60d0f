/** The client's configuration calls, the same for all types, one type and one component. */
import type {
  ConfigDiff,
  ConfigHistoryPage,
  EffectiveComponentConfigResource,
  EffectiveConfigResource,
  EffectiveTypeConfigResource,
  ConfigRevisionDetail,
} from '../api/schemas/config.ts';
import type { ComponentConfig } from '../core/config/component-config.ts';
import type { GlobalConfig, TypeConfig } from '../core/config/settings.ts';
import type { Call, Send } from './http-transport.ts';
import type { WatchOptions } from './watch-config.ts';
import { watchConfig } from './watch-config.ts';

/** The owner of a configuration document: all types, one type, or one component. */
export type ConfigTarget = 'all' | { readonly type: string } | { readonly component: string };

type DocumentAt<P extends ConfigTarget> = P extends 'all'
  ? GlobalConfig
  : P extends { readonly type: string }
    ? TypeConfig
    : ComponentConfig;

type EffectiveAt<P extends ConfigTarget> = P extends 'all'
  ? EffectiveConfigResource
  : P extends { readonly type: string }
    ? EffectiveTypeConfigResource
    : EffectiveComponentConfigResource;

/** Pass `etag` as `ifMatch` to change exactly this version of the document. */
interface VersionedDocument<T> {
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

  /** The stored document: only settings that an operator set there, without defaults or inherited values. */
  get<P extends ConfigTarget>(target: P): Promise<VersionedDocument<DocumentAt<P>>> {
    return this.#document({ path: pathOf(target) });
  }

  /**
   * Replaces the stored document; an empty one removes every setting. Adds a type that does not exist.
   * Throws a 412 `CoordinatorError` when the stored document does not match `ifMatch`.
   */
  put<P extends ConfigTarget>(
    target: P,
    document: DocumentAt<P>,
    { ifMatch }: PutOptions = {},
  ): Promise<VersionedDocument<DocumentAt<P>>> {
    return this.#document({ method: 'PUT', path: pathOf(target), body: document, ifMatch });
  }

  /** Removes a type. Throws a 409 `CoordinatorError` (`type-not-empty`) while components of it are registered. */
  async removeType(type: string, { ifMatch }: PutOptions = {}): Promise<void> {
    await this.#send({ method: 'DELETE', path: pathOf({ type }), ifMatch });
  }

  /** The effective configuration, with the source of each value. */
  effective<P extends ConfigTarget>(target: P): Promise<EffectiveAt<P>> {
    return this.#call(
      isComponent(target)
        ? { path: effectivePath(target.component) }
        : { path: pathOf(target), query: { effective: 'true' } },
    );
  }

  /** Yields a component's effective configuration now and after each change, until the signal aborts. */
  watch(component: string, options: WatchOptions = {}): AsyncGenerator<EffectiveComponentConfigResource, void> {
    return watchConfig(this.#send, effectivePath(component), options);
  }

  /** A page of a document's revisions, newest first. */
  history(
    target: ConfigTarget,
    query: { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<ConfigHistoryPage> {
    return this.#call({ path: pathOf(target, '/history'), query });
  }

  /** A document as of one revision. */
  revision(target: ConfigTarget, revision: number): Promise<ConfigRevisionDetail> {
    return this.#call({ path: pathOf(target, `/history/${revision}`) });
  }

  /** The difference between two revisions as a JSON Patch; by default that of the last change. */
  diff(target: ConfigTarget, query: { readonly from?: number; readonly to?: number } = {}): Promise<ConfigDiff> {
    return this.#call({ path: pathOf(target, '/diff'), query });
  }

  /** Stores an earlier document again, after all checks of a put. */
  rollBack<P extends ConfigTarget>(
    target: P,
    revision: number,
    { ifMatch }: PutOptions = {},
  ): Promise<VersionedDocument<DocumentAt<P>>> {
    return this.#document({ method: 'POST', path: pathOf(target, '/rollback'), body: { revision }, ifMatch });
  }

  async #document<T>(call: Call): Promise<VersionedDocument<T>> {
    const { body, etag } = await this.#send(call);
    return { document: body as T, etag: etag ?? '' };
  }

  async #call<T>(call: Call): Promise<T> {
    return (await this.#send(call)).body as T;
  }
}

const isComponent = (target: ConfigTarget): target is { readonly component: string } =>
  target !== 'all' && 'component' in target;

const effectivePath = (component: string): string => `/v1/components/${encodeURIComponent(component)}/config`;

function pathOf(target: ConfigTarget, suffix = ''): string {
  if (target === 'all') return `/v1/config${suffix}`;
  const [kind, name] = isComponent(target) ? ['components', target.component] : ['types', target.type];
  return `/v1/config/${kind}/${encodeURIComponent(name)}${suffix}`;
}
