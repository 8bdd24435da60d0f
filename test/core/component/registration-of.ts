import type { Registration, RegistrationInput } from '../../../src/core/component/registration.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';

const MINIMAL: RegistrationInput = {
  id: 'router-1',
  name: 'Router 1',
  type: 'task_router',
  endpoint: 'https://router.example.com',
  healthCheck: { endpoint: '/health' },
};

/** A minimal registration request with `changes`. A field set to undefined is omitted. */
export const inputOf = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries({ ...MINIMAL, ...changes }).filter(([, value]) => value !== undefined));

/** A valid registration with `changes`. */
export const registrationOf = (changes: Partial<RegistrationInput> = {}): Registration =>
  RegistrationSchema.parse(inputOf(changes));
