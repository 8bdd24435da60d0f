import { describe, expect, it } from 'vitest';
import { formatScope, parseScope } from '../../../src/core/access/scope.ts';

describe('parseScope', () => {
  it.each([
    ['viewer', { kind: 'viewer' }],
    ['router', { kind: 'router' }],
    ['operator', { kind: 'operator' }],
    ['admin', { kind: 'admin' }],
    ['component:router-1', { kind: 'component', id: 'router-1' }],
    ['component:a.b_c-d', { kind: 'component', id: 'a.b_c-d' }],
    ['registrar:task_router', { kind: 'registrar', type: 'task_router' }],
  ])('reads %s', (text, scope) => {
    expect(parseScope(text)).toEqual(scope);
    expect(formatScope(parseScope(text)!)).toBe(text);
  });

  it.each([
    '',
    'Admin',
    'admin ',
    'admin:',
    'admin:x',
    'component',
    'component:',
    'component:*',
    'component:A',
    'component:a/b',
    `component:${'a'.repeat(129)}`,
    'registrar:',
    'registrar:*',
    'registrar:Task',
    'registrar:a-b',
    'root',
    'toString',
    '__proto__',
    'constructor:x',
  ])('does not read %j', (text) => {
    expect(parseScope(text)).toBeUndefined();
  });
});
