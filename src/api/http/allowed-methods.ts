/** Methods that the OpenAPI document declares for a path, to tell a wrong method (405) from a wrong path (404). */
import type { App } from './app-env.ts';

export function allowedMethods(app: App): (path: string) => string[] {
  const operations = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route'
      ? [{ method: definition.route.method.toUpperCase(), pattern: patternOf(definition.route.path) }]
      : [],
  );
  return (path) => operations.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

/** `/v1/components/{id}` as a regular expression: a parameter matches one path segment. */
const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
