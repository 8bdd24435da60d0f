/** A registration without health checks: alive only by its heartbeats. */
export const silentRegistration = (id: string, overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
  id,
  name: id,
  type: 'task_router',
  endpoint: `https://${id}.example.com`,
  heartbeat: { ttl: 600_000 },
  ...overrides,
});
