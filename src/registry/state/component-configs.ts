/**
 * The settings that each component goes by: those of its type, and over them what is set for it alone. Worked out once
 * and again after a change, so that a check only looks them up.
 */
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { GlobalConfig } from '../../core/config/settings.ts';
import type { SystemConfig } from '../../core/config/system-config.ts';
import { DEFAULT_CONFIG, configOf } from '../../core/config/system-config.ts';

interface Own {
  readonly told: ComponentOverrides;
  /** Null until somebody asks. */
  config: SystemConfig | null;
}

export class ComponentConfigs {
  /** Of a component of which nothing is set. */
  ofType: SystemConfig = DEFAULT_CONFIG;
  private ofTypeOverrides: GlobalConfig = {};
  private readonly own = new Map<string, Own>();

  configFor(id: string): SystemConfig {
    const own = this.own.get(id);
    if (own === undefined) return this.ofType;
    return (own.config ??= this.resolve(own.told));
  }

  revisionOf(id: string): number {
    return this.own.get(id)?.told.revision ?? 0;
  }

  has(id: string): boolean {
    return this.own.has(id);
  }

  /** As it would be with those. */
  resolve({ overrides }: ComponentOverrides): SystemConfig {
    return configOf({ ...this.ofTypeOverrides, ...overrides });
  }

  goByType(overrides: GlobalConfig): void {
    this.ofType = configOf(overrides);
    this.ofTypeOverrides = overrides;
    for (const own of this.own.values()) own.config = null;
  }

  goBy(told: ComponentOverrides): void {
    this.own.set(told.id, { told, config: null });
  }

  forget(id: string): void {
    this.own.delete(id);
  }
}
