/** The documents of the configuration that were acknowledged, learnt from the answers alone. */
import type { Answer } from '../coordinator-http.ts';
import { canonical, isSame } from './canonical.ts';
import type { Sent } from './fleet-model.ts';

interface KnownDocument {
  readonly document: unknown;
  readonly etag: string | null;
}

const NEVER_PUT: KnownDocument = { document: {}, etag: '"0"' };

export const isConfigPath = (pathname: string): boolean =>
  /^\/v1\/config(\/types\/[^/]+)?(\/rollback)?$/.test(pathname);

export class ConfigModel {
  /** By path. */
  readonly documents = new Map<string, KnownDocument>();

  /** Takes in what was acknowledged; answers what contradicts what was known or asked. */
  learn({ method, pathname, json }: Sent, answer: Answer): string[] {
    const path = decodeURIComponent(pathname);
    if (path.endsWith('/rollback')) return this.rolledBack(path.slice(0, -'/rollback'.length), answer);
    if (method !== 'PUT') return this.differences(path, answer);
    const etag = answer.headers.get('etag');
    const before = this.documents.get(path) ?? NEVER_PUT;
    const faults: string[] = [];
    if (!isSame(answer.body, json)) faults.push(`config: asked as ${short(json)}, kept as ${short(answer.body)}`);
    const isChange = !isSame(before.document, json) || answer.status === 201;
    if ((etag !== before.etag) !== isChange) faults.push(`config: etag ${before.etag} became ${etag}`);
    this.documents.set(path, { document: json, etag });
    return faults;
  }

  /** What it brought back only the history knows. */
  private rolledBack(path: string, { body, headers }: Answer): string[] {
    this.documents.set(path, { document: body, etag: headers.get('etag') });
    return [];
  }

  /** How an answered document differs from what was acknowledged. */
  differences(path: string, { body, headers }: Answer): string[] {
    const known = this.documents.get(path) ?? NEVER_PUT;
    const faults: string[] = [];
    const isEffective = typeof body === 'object' && body !== null && 'sources' in body;
    if (!isEffective && !isSame(body, known.document))
      faults.push(`config: is ${short(body)}, acknowledged was ${short(known.document)}`);
    if (headers.get('etag') !== known.etag) faults.push(`config: etag ${headers.get('etag')}, was ${known.etag}`);
    return faults;
  }
}

const short = (value: unknown): string => canonical(value).slice(0, 400);
