/** Model of the acknowledged configuration documents, learned from responses only. */
import type { ApiResponse } from '../coordinator-http.ts';
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
  /** Documents by path. */
  readonly documents = new Map<string, KnownDocument>();

  /** Learns from a response. Returns contradictions with the model or the request. */
  learn({ method, pathname, json }: Sent, response: ApiResponse): string[] {
    const path = decodeURIComponent(pathname);
    if (path.endsWith('/rollback')) return this.rolledBack(path.slice(0, -'/rollback'.length), response);
    if (method !== 'PUT') return this.differences(path, response);
    const etag = response.headers.get('etag');
    const before = this.documents.get(path) ?? NEVER_PUT;
    const faults: string[] = [];
    if (!isSame(response.body, json)) faults.push(`config: sent as ${short(json)}, stored as ${short(response.body)}`);
    const isChange = !isSame(before.document, json) || response.status === 201;
    if ((etag !== before.etag) !== isChange) faults.push(`config: etag ${before.etag} became ${etag}`);
    this.documents.set(path, { document: json, etag });
    return faults;
  }

  /** The restored document is known only to the history, so the model accepts it. */
  private rolledBack(path: string, { body, headers }: ApiResponse): string[] {
    this.documents.set(path, { document: body, etag: headers.get('etag') });
    return [];
  }

  /** Differences between a returned document and the acknowledged one. */
  differences(path: string, { body, headers }: ApiResponse): string[] {
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
