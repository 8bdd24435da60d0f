/** Route that previews the recovery of a component. */
import { toIsoOrNull } from '../../core/component/resource.ts';
import { classifyFailure } from '../../core/failure/classify.ts';
import { previewRecovery } from '../../core/failure/recovery-preview.ts';
import type { App } from '../http/app-env.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { toPlannedActions } from '../resources/planned-action.ts';
import { problemOf } from '../http/problem.ts';
import { PreviewRequestSchema, RecoveryPreviewSchema } from '../schemas/recovery-preview.ts';

const preview = createRoute({
  method: 'post',
  path: '/v1/recoveries/preview',
  'x-permission': 'read',
  tags: ['recoveries'],
  summary: 'Preview recovery',
  description: 'Returns what would follow if a component failed now. Changes nothing.',
  request: { body: jsonBody(PreviewRequestSchema) },
  responses: { 200: jsonContent(RecoveryPreviewSchema, 'The preview'), ...problemDefault },
});

export function mountRecoveryPreview(app: App): void {
  app.openapi(preview, async (c) => {
    const { componentId, error } = c.req.valid('json');
    const found = await withRegistryOf(c.get('accessScope'), componentId, (registry, only) =>
      registry.recoveryConditions(componentId, only),
    );
    if (!found.ok) return problemOf(c, found);
    const failure = { failureType: classifyFailure(error), code: error.code ?? null };
    const { steps, plan, cooldownUntil, ...previewed } = previewRecovery(failure, found.value);
    const { componentType } = found.value;
    const shown = steps.map(({ step: { action, attempts, backoffMs, verifyMs }, ...judged }) => ({
      action,
      attempts,
      backoffMs,
      verifyMs,
      ...judged,
    }));
    return c.json(
      {
        componentId,
        componentType,
        ...previewed,
        cooldownUntil: toIsoOrNull(cooldownUntil),
        steps: shown,
        plan: toPlannedActions(plan),
      },
      200,
    );
  });
}
