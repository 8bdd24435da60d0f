import { Overview } from './overview.tsx';
import { KeyForm } from './session/key-form.tsx';
import { useSession } from './session/use-session.ts';

/** The dashboard: the key form until a session is open, then the overview. */
export function App() {
  const session = useSession();
  if (session.isRestoring) return null;
  if (session.current === null) return <KeyForm session={session} />;
  return <Overview session={session.current} onSignOut={session.signOut} />;
}
