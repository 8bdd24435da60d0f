/** The supervisor of the demo, which the documentation uses as the example of a control endpoint. */
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ComponentHandle } from '../../src/demo/component-handle.ts';
import { Supervisor } from '../../src/demo/supervisor.ts';
import { freePort } from '../../src/dev/free-port.ts';

class CountedHandle extends ComponentHandle {
  restartCount = 0;

  override async restart(): Promise<void> {
    this.restartCount++;
  }
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const secrets = { one: newSecret(), two: newSecret() };

let supervisor: Supervisor;
let handles: Record<'one' | 'two' | 'untrusted', CountedHandle>;

beforeAll(async () => {
  handles = {
    one: new CountedHandle('one', 1),
    two: new CountedHandle('two', 2),
    untrusted: new CountedHandle('untrusted', 3),
  };
  supervisor = new Supervisor(Object.values(handles), await freePort());
  await supervisor.listen();
  supervisor.trust('one', secrets.one);
  supervisor.trust('two', secrets.two);
});

afterAll(() => supervisor.close());

let keys = 0;

interface Call {
  readonly secret: string;
  readonly key?: string;
  readonly to?: string;
  readonly at?: Date;
  readonly tamper?: (body: string) => string;
  readonly unsigned?: boolean;
}

async function callControl({
  secret,
  key = `r-${keys++}`,
  to = 'one',
  at = new Date(),
  ...call
}: Call): Promise<number> {
  const order = {
    action: 'restart',
    componentId: to,
    recoveryId: 'r',
    idempotencyKey: key,
    reason: '',
    parameters: {},
  };
  const body = JSON.stringify(order);
  const signed = {
    'webhook-id': key,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(key, at, body),
  };
  const response = await fetch(supervisor.controlUrl(to), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(call.unsigned ? {} : signed) },
    body: call.tamper?.(body) ?? body,
  });
  await response.body?.cancel();
  return response.status;
}

const restartCounts = (): number[] => Object.values(handles).map((each) => each.restartCount);

describe('the supervisor of the demo', () => {
  it('restarts a component on a signed call, once per idempotency key', async () => {
    const before = handles.one.restartCount;
    expect(await callControl({ secret: secrets.one, key: 'same' })).toBe(202);
    expect(await callControl({ secret: secrets.one, key: 'same' })).toBe(200);
    expect(handles.one.restartCount).toBe(before + 1);
  });

  it.each<{ title: string; call: Call }>([
    { title: 'carries no signature', call: { secret: secrets.one, unsigned: true } },
    { title: 'is signed with the secret of another component', call: { secret: secrets.two } },
    {
      title: 'was changed on the way',
      call: { secret: secrets.one, tamper: (body) => body.replace('restart', 'restar7') },
    },
    { title: 'has another white space', call: { secret: secrets.one, tamper: (body) => `${body} ` } },
    { title: 'is older than five minutes', call: { secret: secrets.one, at: new Date(Date.now() - 301_000) } },
    { title: 'is for a component whose secret was not fetched', call: { secret: secrets.one, to: 'untrusted' } },
    { title: 'is not JSON and not signed', call: { secret: secrets.one, tamper: () => '{' } },
  ])('returns 401 to a call that $title', async ({ call }) => {
    const before = restartCounts();
    expect(await callControl(call)).toBe(401);
    expect(restartCounts()).toEqual(before);
  });
});
