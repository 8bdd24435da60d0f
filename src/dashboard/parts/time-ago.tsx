import { useContext } from 'preact/hooks';
import { formatRelativeTime } from '../format/relative-time.ts';
import { NowContext } from './now-context.ts';

/** A time as "5 min ago", with the exact time on hover; a dash for null. */
export function TimeAgo({ at }: { readonly at: string | null }) {
  const now = useContext(NowContext);
  if (at === null) return <>–</>;
  return (
    <time class="whitespace-nowrap" dateTime={at} title={new Date(at).toLocaleString()}>
      {formatRelativeTime(at, now)}
    </time>
  );
}
