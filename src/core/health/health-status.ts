/** The observed status of a component; `unknown` until the first check or heartbeat. */

export type HealthStatus = 'unknown' | 'healthy' | 'degraded' | 'unhealthy';
