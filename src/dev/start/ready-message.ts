/** What `npm start` prints once the coordinator serves: where to look, and a first call that works when pasted. */
interface ReadyMessage {
  readonly url: string;
  /** Page with a sign-in token; the plain page when no link could be created. */
  readonly pageUrl: string;
  /** Seconds since the start of the command. */
  readonly afterSeconds: number;
}

export function readyMessage({ url, pageUrl, afterSeconds }: ReadyMessage): string {
  const note = pageUrl === url ? 'the key is in .dev.vars' : 'signs you in once, within ten minutes';
  const rows: readonly (readonly [string, string])[] = [
    ['Page', `${pageUrl}\n(${note})`],
    ['API', `${url}/v1`],
    ['Key', 'COORDINATOR_ADMIN_KEY in .dev.vars'],
    [
      'Try it',
      `curl -s -H "authorization: Bearer $(sed -n 's/^COORDINATOR_ADMIN_KEY=//p' .dev.vars)" ${url}/v1/health`,
    ],
    ['Next', 'npm run demo, or docs/tutorial/first-fleet.md'],
  ];
  const body = rows.flatMap(([name, text]) =>
    text.split('\n').map((line, index) => `  ${(index === 0 ? name : '').padEnd(8)}${line}`),
  );
  return ['', `  Arbiter Coordinator is ready after ${afterSeconds.toFixed(1)} s`, '', ...body, ''].join('\n');
}
