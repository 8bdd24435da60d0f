/** The observed status of a component. */

export type HealthStatus = 'unknown' | 'healthy' | 'degraded' | 'unhealthy';
