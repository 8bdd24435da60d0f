/** The key of a URL's host for check budgets: host name without a trailing dot, and port. */
export function hostOfUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.hostname.replace(/\.$/, '')}:${parsed.port}` : url;
}
