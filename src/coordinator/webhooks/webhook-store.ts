/**
 * All SQL of webhooks: settings, secret and status. All webhooks are cached in memory, because each event is matched
 * against them. Every write invalidates the cache.
 */
import { parseObject } from '../../core/stored-json.ts';
import { readRows } from '../../logging/read-stored.ts';
import type { StoredControlSecret } from '../../core/component/control-secret.ts';
import type { ChannelPace } from '../../core/delivery/channel-pace.ts';
import type { DisabledReason, Webhook, WebhookSettings, WebhookState } from '../../core/webhook/webhook.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS webhooks (
     id TEXT PRIMARY KEY,
     revision INTEGER NOT NULL,
     settings TEXT NOT NULL,
     secret TEXT NOT NULL,
     disabled_reason TEXT,
     disabled_at INTEGER,
     failing_since INTEGER,
     behind_after INTEGER,
     missed INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     pace TEXT
   ) STRICT`,
];

interface Row extends Record<string, SqlStorageValue> {
  id: string;
  revision: number;
  settings: string;
  secret: string;
  disabled_reason: string | null;
  disabled_at: number | null;
  failing_since: number | null;
  behind_after: number | null;
  missed: number;
  created_at: number;
  updated_at: number;
  pace: string | null;
}

export class WebhookStore {
  private readonly sql: SqlStorage;
  private cached: readonly Webhook[] | null = null;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    const known = sql.exec("SELECT 1 FROM pragma_table_info('webhooks') WHERE name = 'pace'").toArray();
    if (known.length === 0) sql.exec('ALTER TABLE webhooks ADD COLUMN pace TEXT');
  }

  /** All webhooks, by id ascending. */
  all(): readonly Webhook[] {
    return (this.cached ??= readRows(
      'webhooks',
      this.sql.exec<Row>('SELECT * FROM webhooks ORDER BY id').toArray(),
      toWebhook,
    ));
  }

  find(id: string): Webhook | undefined {
    return this.all().find((webhook) => webhook.id === id);
  }

  /** Drops the cache. Also needed after a rollback. */
  invalidate(): void {
    this.cached = null;
  }

  save(webhook: Webhook): void {
    const { url, format, types, subjects, componentTypes, description, routingKey, state } = webhook;
    const settings: WebhookSettings = { url, format, types, subjects, componentTypes, description, routingKey };
    this.sql.exec(
      `INSERT OR REPLACE INTO webhooks
         (id, revision, settings, secret, disabled_reason, disabled_at, failing_since, behind_after, missed, created_at, updated_at, pace)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      webhook.id,
      webhook.revision,
      JSON.stringify(settings),
      JSON.stringify(webhook.secret),
      state.kind === 'disabled' ? state.reason : null,
      state.kind === 'disabled' ? state.at : null,
      webhook.failingSince,
      webhook.behindAfter,
      webhook.missed,
      webhook.createdAt,
      webhook.updatedAt,
      webhook.pace && JSON.stringify(webhook.pace),
    );
    this.invalidate();
  }

  remove(id: string): void {
    this.sql.exec('DELETE FROM webhooks WHERE id = ?', id);
    this.invalidate();
  }
}

const toWebhook = (row: Row): Webhook => ({
  ...parseObject<WebhookSettings>(row.settings),
  id: row.id,
  revision: row.revision,
  secret: parseObject<StoredControlSecret>(row.secret),
  state: stateOf(row),
  failingSince: row.failing_since,
  behindAfter: row.behind_after,
  missed: row.missed,
  pace: row.pace === null ? null : (JSON.parse(row.pace) as ChannelPace),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const stateOf = ({ disabled_reason: reason, disabled_at: at }: Row): WebhookState =>
  reason === null ? { kind: 'enabled' } : { kind: 'disabled', reason: reason as DisabledReason, at: at ?? 0 };
