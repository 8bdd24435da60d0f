import { useEffect, useRef } from 'preact/hooks';
import type { Session } from './use-session.ts';

/** The form for the access key, shown while no session is open. */
export function KeyForm({ session }: { readonly session: Session }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    void session.signIn(input.current?.value.trim() ?? '');
  };
  const invalid = session.message !== null;

  return (
    <main class="grid min-h-dvh place-items-center p-4">
      <form class="card card-border bg-base-100 w-full max-w-sm shadow-sm" data-testid="key-form" onSubmit={submit}>
        <div class="card-body gap-4">
          <div class="flex items-center gap-3">
            <img src="/favicon.svg" alt="" width="32" height="32" />
            <h1 class="text-lg font-semibold">Arbiter Coordinator</h1>
          </div>
          <div class="grid gap-1">
            <label class="text-sm font-medium" for="key">
              Access key
            </label>
            <input
              ref={input}
              id="key"
              class={`input w-full font-mono ${invalid ? 'input-error' : ''}`}
              type="password"
              autocomplete="current-password"
              spellcheck={false}
              required
              aria-invalid={invalid}
              aria-describedby="key-note key-message"
            />
            <p id="key-note" class="text-base-content/70 text-xs">
              The page sends the key once and does not store it. The session lasts at most 12 hours.
            </p>
          </div>
          <p id="key-message" role="alert" class="text-error text-sm font-medium empty:hidden">
            {session.message}
          </p>
          <button class="btn btn-primary" type="submit" disabled={session.isChecking}>
            {session.isChecking ? 'Checking…' : 'Open'}
          </button>
        </div>
      </form>
    </main>
  );
}
