import { Overview } from './overview.tsx';
import { KeyForm } from './session/key-form.tsx';
import { useSession } from './session/use-session.ts';

/** First the key, then the fleet. */
export function App() {
  const session = useSession();
  if (session.client === null) return <KeyForm session={session} />;
  return <Overview client={session.client} onSignOut={session.signOut} />;
}
