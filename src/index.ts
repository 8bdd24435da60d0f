/** Composition root: binds the handlers and exports the classes. Contains no logic. */
import { createApp } from './api/app.ts';
import { fastPath } from './api/fast-path/fast-path.ts';
import { consumeDeliveries } from './deliveries/consume-deliveries.ts';
import { cronSweep } from './sweep/cron-sweep.ts';

export { ComponentRegistry } from './registry/component-registry.ts';
export { SystemCoordinator } from './coordinator/system-coordinator.ts';
export { Prober } from './probe/prober.ts';
export { DeliverySender } from './deliveries/delivery-sender.ts';
export { FailureManager } from './recovery/failure-manager.ts';
export { RecoveryWorkflow } from './recovery/recovery-workflow.ts';

const app = createApp();

export default {
  fetch: (request, env, context) => fastPath(request, env, context) ?? app.fetch(request, env, context),
  async scheduled(controller, env) {
    await cronSweep(env, controller.scheduledTime);
  },
  async queue(batch) {
    await consumeDeliveries(batch);
  },
} satisfies ExportedHandler<Env>;
