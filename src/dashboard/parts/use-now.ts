import { useEffect, useState } from 'preact/hooks';

/** The time, epoch ms, renewed every second: ages go on counting also while nothing arrives. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
