/**
 * The health check of a registration: URL, interval, request headers and the expected response.
 *
 * Owns the bounds and defaults of `healthCheck`. Header values may be secrets; `header-values.ts` redacts them.
 */
import * as z from 'zod';
import { JSON_POINTER } from '../json-pointer.ts';
import { recordOf } from '../json-schema.ts';

export const UrlSchema = z.string().min(1).max(2048);

const PointerSchema = z
  .string()
  .max(256)
  .regex(JSON_POINTER, 'a JSON pointer (RFC 6901) such as /status or /checks/0/state')
  .meta({ description: 'JSON pointer (RFC 6901). Empty: the whole document.' });

const ExpectedBodySchema = z
  .union([
    z.strictObject({
      contains: z
        .string()
        .min(1)
        .max(256)
        .meta({ description: 'Text required in the first 64 KiB of the body, case-sensitive.' }),
    }),
    z.strictObject({
      pointer: PointerSchema,
      value: z.union([z.string().max(256), z.number(), z.boolean(), z.null()]),
    }),
  ])
  .meta({ id: 'ExpectedBody', description: 'Required body. Replaces the interpretation of status words in the body.' });

const ExpectationSchema = z
  .strictObject({
    status: z
      .array(z.int().min(200).max(599))
      .min(1)
      .max(16)
      .optional()
      .meta({
        description: 'Successful HTTP statuses. Any other status fails the attempt. Default: 2xx.',
        example: [200, 204],
      }),
    body: ExpectedBodySchema.optional(),
  })
  .refine(({ status, body }) => status !== undefined || body !== undefined, 'status, body or both')
  .meta({ id: 'Expectation' });

export type Expectation = z.output<typeof ExpectationSchema>;

const MAX_POINTERS = 16;

const DetailsSchema = z
  .union([z.boolean(), z.array(PointerSchema).min(1).max(MAX_POINTERS)], {
    error: `true, false, or 1 to ${MAX_POINTERS} JSON pointers (RFC 6901) such as /status or /checks/0/state`,
  })
  .meta({
    description:
      'Shows the last response to a check as `health.response` of the component: its body (`true`), or the values at up ' +
      `to ${MAX_POINTERS} JSON pointers, at most 4 KiB of JSON. Each key that may read the component reads it. Default: false.`,
    example: ['/status', '/build/version'],
  });

/** The part of each response that the registry keeps: nothing, the body, or the values at JSON pointers. */
export type HealthDetails = z.output<typeof DetailsSchema>;

const MAX_HEADERS = 8;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII without a space at either end. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** Headers that the coordinator, the connection or proxies set. */
const RESERVED_HEADERS =
  /^(host|user-agent|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|accept-encoding|range|forwarded|via|date|origin|referer|x-real-ip|true-client-ip|(proxy|sec|cf|x-forwarded)-.*)$/;

const HeaderValueSchema = z.string().min(1).max(1_024).regex(HEADER_VALUE, 'printable ASCII, no space at either end');

const HeadersSchema = recordOf(HeaderValueSchema)
  .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `at most ${MAX_HEADERS} headers`)
  .superRefine((headers, context) => {
    const names = new Set<string>();
    for (const name of Object.keys(headers)) {
      const lower = name.toLowerCase();
      const message = headerNameError(name, names.has(lower));
      if (message !== null) context.addIssue({ code: 'custom', path: [name], message, input: name });
      names.add(lower);
    }
  })
  .overwrite((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  )
  .meta({
    description:
      'Request headers of every check, at most 8. Connection and proxy headers are not allowed. Responses show `***` ' +
      'instead of values. A registration with `***` keeps the stored value.',
    example: { 'x-health-token': '***' },
  });

function headerNameError(name: string, isRepeated: boolean): string | null {
  if (!HEADER_NAME.test(name) || name.length > 64)
    return 'invalid header name: 1 to 64 letters, digits, "-" or other token characters';
  if (RESERVED_HEADERS.test(name.toLowerCase())) return 'the coordinator or the connection sets this header';
  return isRepeated ? 'duplicate header' : null;
}

export const HealthCheckSchema = z
  .strictObject({
    endpoint: UrlSchema.meta({ description: 'URL, or a path behind the path of `endpoint`.' }),
    method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
    timeout: z.int().min(100).max(60_000).default(5_000).meta({ description: 'Time limit of an attempt, ms.' }),
    interval: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .optional()
      .meta({ description: 'Time between two checks, ms. Default: the setting `healthCheckInterval`.' }),
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(3)
      .meta({ description: 'Number of further attempts after a failed attempt.' }),
    degradedAfter: z
      .int()
      .min(1)
      .max(60_000)
      .optional()
      .meta({ description: 'Response time above which the component is degraded, ms. Default: half the timeout.' }),
    expect: ExpectationSchema.optional().meta({ description: 'Exact definition of a successful response.' }),
    headers: HeadersSchema.optional(),
    details: DetailsSchema.optional(),
  })
  .refine(({ method, expect }) => method !== 'HEAD' || expect?.body === undefined, {
    error: 'a response to HEAD has no body, so no body can be expected',
    path: ['expect', 'body'],
  })
  .refine(({ method, details = false }) => method !== 'HEAD' || details === false, {
    error: 'a response to HEAD has no body to show: use GET, or leave details out',
    path: ['details'],
  })
  .meta({ id: 'HealthCheck' });

export type HealthCheck = z.output<typeof HealthCheckSchema>;

/** The part of each response to `check` that the registry keeps; nothing without a check. */
export const detailsOf = (check: HealthCheck | undefined): HealthDetails => check?.details ?? false;

/** The time in ms after which a response counts as slow: by default half the timeout. */
export const degradedAfterMs = (check: HealthCheck): number => check.degradedAfter ?? Math.ceil(check.timeout / 2);
