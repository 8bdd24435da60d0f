/** All responses in docs/reference/health-dialects.md, in its order. */
import type { HealthResponseCase } from './health-answer.ts';
import { HOSTILE_RESPONSES } from './hostile-answers.ts';
import { REAL_RESPONSES } from './real-answers.ts';

export const HEALTH_RESPONSES: readonly HealthResponseCase[] = [...REAL_RESPONSES, ...HOSTILE_RESPONSES];
