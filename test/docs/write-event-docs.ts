/**
 * Writes docs/reference/events.md from the catalogue; with `--check` it only checks that the page is up to date.
 * Every example is validated against its schema.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import * as z from 'zod';
import { EVENT_CATALOGUE } from '../../src/api/schemas/events/event-catalogue.ts';
import type { EventEntry } from '../../src/api/schemas/events/event-entry.ts';
import { EVENT_TYPES } from '../../src/core/event/coordinator-event.ts';

const PAGE = new URL('../../docs/reference/events.md', import.meta.url);

interface Member {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: string | number;
  readonly enum?: readonly unknown[];
  readonly items?: Member;
  readonly anyOf?: readonly Member[];
  readonly allOf?: readonly Member[];
  readonly description?: string;
}

const INTRO = `# Events

\`GET /v1/events\` returns the event log as [CloudEvents 1.0](https://cloudevents.io) in JSON. The page is generated from
the schemas in \`src/api/schemas/events\` (\`npm run docs:events\`). \`/openapi.json\` contains the same schemas under
\`Event\`, one per type. [Follow changes](../how-to/follow-changes.md) shows how to read events, and
[webhooks](webhooks.md) how to receive them.

- \`id\` equals \`sequence\`: an integer as a string, from 1, ascending without gaps. \`source\` is always
  \`/arbiter-coordinator\`. \`time\` is the time of the event.
- Events have no \`dataschema\`, because it would have to be an absolute URL.
- **Ignore unknown members of \`data\`**: events gain fields. The members listed here stay. Timestamps are ISO 8601.
- \`component\` in \`data\` is the component as \`GET /v1/components/{id}\` returns it right after the event; for a removed
  component, its last state. The examples below omit it.
- An event contains neither a secret nor the key that caused it. The audit has the key (\`GET /v1/audit\`).

A complete event:

`;

function kindOf(member: Member): string {
  if (member.$ref) return `\`${member.$ref.split('/').at(-1)!}\``;
  if (member.enum) return member.enum.map((value) => `\`${String(value)}\``).join(' ');
  if (member.const !== undefined) return `\`${member.const}\``;
  if (member.allOf?.[0]) return kindOf(member.allOf[0]);
  if (member.anyOf) return member.anyOf.map(kindOf).join(' or ');
  if (member.type === 'array') return `array of ${kindOf(member.items ?? {})}`;
  return [member.type ?? 'any'].flat().join(' or ');
}

function members({ data }: EventEntry): string {
  const schema = z.toJSONSchema(data, { unrepresentable: 'any' }) as {
    readonly properties: Record<string, Member>;
    readonly required?: readonly string[];
  };
  const rows = Object.entries(schema.properties).map(([name, member]) => {
    const optional = schema.required?.includes(name) ? '' : ', optional';
    return `| \`${name}\` | ${kindOf(member)}${optional} | ${member.description ?? ''} |`;
  });
  return ['| Member | Kind | |', '| --- | --- | --- |', ...rows].join('\n');
}

const jsonBlock = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;

function sectionOf(type: string, entry: EventEntry): string {
  const { data, example, subject, summary } = entry;
  ('component' in data.shape ? data.omit({ component: true }) : data).parse(example);
  const shown = Object.keys(example).length > 0 ? `\n\n${jsonBlock(example)}` : '';
  return `## \`${type}\`\n\n${wrapped(`${summary} Subject: ${subject}.`)}\n\n${members(entry)}${shown}`;
}

/** Breaks prose into lines of at most 120 characters. */
const wrapped = (prose: string): string => prose.replaceAll(/(.{1,120})(?: |$)/g, '$1\n').trimEnd();

const whole = {
  specversion: '1.0',
  id: '1207',
  sequence: '1207',
  source: '/arbiter-coordinator',
  type: 'recovery.succeeded',
  subject: 'task-router-1',
  time: '2026-11-29T14:02:11.408Z',
  datacontenttype: 'application/json',
  data: EVENT_CATALOGUE['recovery.succeeded'].example,
};

const sections = EVENT_TYPES.map((type) => sectionOf(type, EVENT_CATALOGUE[type]));
const page = `${INTRO}${jsonBlock(whole)}\n\n${sections.join('\n\n')}\n`;

if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error('docs/reference/events.md is not what the catalogue says: npm run docs:events');
  process.exitCode = 1;
}
