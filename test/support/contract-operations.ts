/** Operations in the OpenAPI contract. */
import { createApp } from '../../src/api/app.ts';

export interface Operation {
  readonly method: string;
  /** Path with placeholders, like `/v1/components/{id}`. */
  readonly path: string;
  /** `x-permission`; undefined if not declared. */
  readonly permission: string | undefined;
}

export const contractOperations = (): Operation[] =>
  createApp().openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route'
      ? [
          {
            method: definition.route.method.toUpperCase(),
            path: definition.route.path,
            permission: definition.route['x-permission'] as string | undefined,
          },
        ]
      : [],
  );
