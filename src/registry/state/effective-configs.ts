/**
 * The configuration in force for each component: that of its type, with the component's own overrides on top. Resolved
 * once, and again after a change, so that a check only looks it up.
 */
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { GlobalConfig } from '../../core/config/settings.ts';
import type { SystemConfig } from '../../core/config/system-config.ts';
import { DEFAULT_CONFIG, configOf } from '../../core/config/system-config.ts';

interface ComponentEntry {
  readonly overrides: ComponentOverrides;
  /** Null until it is first read. */
  config: SystemConfig | null;
}

export class EffectiveConfigs {
  /** In force for components without overrides. */
  typeConfig: SystemConfig = DEFAULT_CONFIG;
  private typeOverrides: GlobalConfig = {};
  private readonly entries = new Map<string, ComponentEntry>();

  configFor(id: string): SystemConfig {
    const entry = this.entries.get(id);
    if (entry === undefined) return this.typeConfig;
    return (entry.config ??= this.resolve(entry.overrides));
  }

  revisionOf(id: string): number {
    return this.entries.get(id)?.overrides.revision ?? 0;
  }

  has(id: string): boolean {
    return this.entries.has(id);
  }

  /** Returns the configuration that these overrides would result in. */
  resolve({ overrides }: ComponentOverrides): SystemConfig {
    return configOf({ ...this.typeOverrides, ...overrides });
  }

  applyType(overrides: GlobalConfig): void {
    this.typeConfig = configOf(overrides);
    this.typeOverrides = overrides;
    for (const entry of this.entries.values()) entry.config = null;
  }

  apply(overrides: ComponentOverrides): void {
    this.entries.set(overrides.id, { overrides, config: null });
  }

  forget(id: string): void {
    this.entries.delete(id);
  }
}
