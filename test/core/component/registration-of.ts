import type { Registration, RegistrationInput } from '../../../src/core/component/registration.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';

const MINIMAL: RegistrationInput = {
  id: 'router-1',
  name: 'Router 1',
  type: 'task_router',
  endpoint: 'https://router.example.com',
  healthCheck: { endpoint: '/health' },
};

/** What a caller sends at the least, with `changes`; a field set to undefined is left out. */
export const inputOf = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries({ ...MINIMAL, ...changes }).filter(([, value]) => value !== undefined));

/** A valid registration with `changes`. */
export const registrationOf = (changes: Partial<RegistrationInput> = {}): Registration =>
  RegistrationSchema.parse(inputOf(changes));
