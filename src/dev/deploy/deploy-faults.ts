/** What a deployment must not start with, judged from wrangler's configuration and the names of the stored secrets. */
export interface DeployConfig {
  /** Variables of the environment in wrangler.toml, which anyone with access to the repository can read. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly databases: readonly { readonly binding: string; readonly name: string; readonly id: string | undefined }[];
}

const ADMIN_KEY = 'COORDINATOR_ADMIN_KEY';
const PRIVATE_ENDPOINTS = 'ALLOW_PRIVATE_ENDPOINTS';
const WEBHOOK = ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'] as const;

/** One sentence per fault in the configuration; each says what to do. */
export function findConfigFaults({ vars, databases }: DeployConfig, environment: string): string[] {
  const withoutId = databases.filter(({ id }) => id === undefined || id === '');
  return [
    ...withoutId.map(
      ({ name, binding }) =>
        `The database ${binding} has no database_id. Run "npx wrangler d1 create ${name}", ` +
        `then add the id that it prints to [[env.${environment}.d1_databases]] in wrangler.toml.`,
    ),
    ...(ADMIN_KEY in vars
      ? [`${ADMIN_KEY} is a plain variable in wrangler.toml. Remove it, and store it as a secret.`]
      : []),
    ...(vars[PRIVATE_ENDPOINTS] === 'true'
      ? [`${PRIVATE_ENDPOINTS} is true in wrangler.toml. Remove it: a deployment must call public addresses only.`]
      : []),
  ];
}

/** One sentence per fault in the stored secrets. */
export function findSecretFaults(names: readonly string[], vars: DeployConfig['vars'], environment: string): string[] {
  const isSet = (name: string): boolean => names.includes(name) || vars[name] !== undefined;
  const [url, secret] = WEBHOOK;
  return [
    ...(names.includes(ADMIN_KEY)
      ? []
      : [
          `The secret ${ADMIN_KEY} is not set. Run ` +
            `"openssl rand -hex 32 | npx wrangler secret put ${ADMIN_KEY} --env ${environment}".`,
        ]),
    ...(names.includes(PRIVATE_ENDPOINTS)
      ? [
          `${PRIVATE_ENDPOINTS} is a secret. Run "npx wrangler secret delete ${PRIVATE_ENDPOINTS} --env ${environment}".`,
        ]
      : []),
    ...(isSet(url) === isSet(secret) ? [] : [`Set both ${url} and ${secret}, or neither.`]),
  ];
}
