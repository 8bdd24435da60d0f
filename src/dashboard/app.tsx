import { Overview } from './overview.tsx';
import { KeyForm } from './session/key-form.tsx';
import { useSession } from './session/use-session.ts';

/** First the key, then the fleet. */
export function App() {
  const session = useSession();
  if (session.restoring) return null;
  if (session.open === null) return <KeyForm session={session} />;
  return <Overview session={session.open} onSignOut={session.signOut} />;
}
