import { useContext, useEffect, useState } from 'preact/hooks';
import type { IncidentDetailResource } from '../../api/schemas/incident.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from '../session/describe-error.ts';
import { SessionContext } from '../session/session-context.ts';

/** The incident that the page's address names; alerts link to it. */
export interface LinkedIncident {
  readonly id: string;
  /** Null while it is fetched, and when that failed. */
  readonly incident: IncidentDetailResource | null;
  readonly errorMessage: string | null;
}

const PREFIX = '#incident-';

const idInAddress = (): string | null =>
  location.hash.startsWith(PREFIX) ? decodeURIComponent(location.hash.slice(PREFIX.length)) : null;

/**
 * Reads the incident named in the page's address (`#incident-<id>`), resolved ones included. Reads it again whenever
 * `version` changes. Returns null if the address names none.
 */
export function useLinkedIncident(version: string): LinkedIncident | null {
  const client = useContext(SessionContext)?.client;
  const [id, setId] = useState(idInAddress);
  const [linked, setLinked] = useState<LinkedIncident | null>(null);

  useEffect(() => {
    const onHashChange = () => setId(idInAddress());
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, []);

  useEffect(() => {
    if (id === null || !client) return setLinked(null);
    let stopped = false;
    const load = async (): Promise<void> => {
      const loaded = await read(client, id);
      if (!stopped) setLinked(loaded);
    };
    void load();
    return () => {
      stopped = true;
    };
  }, [id, client, version]);

  return linked;
}

async function read(client: CoordinatorClient, id: string): Promise<LinkedIncident> {
  try {
    return { id, incident: await client.incident(id), errorMessage: null };
  } catch (error) {
    return { id, incident: null, errorMessage: messageOf(error) };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof CoordinatorError && (error.status === 404 || error.status === 422)
    ? 'The link names no known incident. Resolved incidents are kept for a limited time.'
    : describeError(error);
