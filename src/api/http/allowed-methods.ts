/** Which methods a path takes, from the contract itself: tells a wrong method from a wrong path. */
import type { App } from './app-env.ts';

export function allowedMethods(app: App): (path: string) => string[] {
  const operations = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route'
      ? [{ method: definition.route.method.toUpperCase(), pattern: patternOf(definition.route.path) }]
      : [],
  );
  return (path) => operations.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

/** `/v1/components/{id}` as a pattern: a parameter is one segment. */
const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
