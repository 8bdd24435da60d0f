/** Names hosts as the budgets of checks do. */

/** The host of a URL as budgets name it: with its port, without the dot that may end a name. */
export function hostOfUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.hostname.replace(/\.$/, '')}:${parsed.port}` : url;
}
