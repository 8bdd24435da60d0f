/** All answers whose verdicts docs/health.md shows, in its order. */
import type { HealthAnswer } from './health-answer.ts';
import { HOSTILE_ANSWERS } from './hostile-answers.ts';
import { REAL_ANSWERS } from './real-answers.ts';

export const HEALTH_ANSWERS: readonly HealthAnswer[] = [...REAL_ANSWERS, ...HOSTILE_ANSWERS];
