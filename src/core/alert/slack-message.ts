/**
 * A message for Slack's incoming webhooks and compatible services, such as Mattermost, Discord's `/slack` and Google
 * Chat bridges: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
import type { JsonObject } from '../json.ts';
import type { Alert } from './alert.ts';
import { isAbsoluteUrl, isFollowUp } from './alert.ts';

/** Characters. Slack limits the text of a section to 3 000. */
const MAX_TEXT = 2_800;

const HEADINGS: Readonly<Record<Alert['kind'], string>> = {
  opened: 'Incident',
  repeated: 'Still open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
};

export function slackMessage(alert: Alert): JsonObject {
  const { title, summary, link, repeats } = alert;
  const heading = `${headingOf(alert)}: ${title}`;
  const lines = [
    `*${escapeAndTruncate(heading, 400)}*`,
    escapeAndTruncate(summary, MAX_TEXT - (alert.group ? 2_000 : 1_200)),
    ...subjectLines(alert),
    ...(repeats > 0 ? [`${repeats} more failed ${repeats === 1 ? 'recovery' : 'recoveries'} since it was opened`] : []),
    isAbsoluteUrl(link) ? `<${escapeMarkup(link)}|open the incident>` : escapeMarkup(link),
  ].filter((line) => line !== '');
  return {
    // Screen readers and clients without support for blocks use this text.
    text: escapeAndTruncate(heading, 400),
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: lines.join('\n') } }],
  };
}

function headingOf({ kind, severity, priority }: Alert): string {
  if (isFollowUp({ kind })) return HEADINGS[kind];
  return `${HEADINGS[kind]} (${severity}${priority === null ? '' : `, priority ${priority}`})`;
}

/** The component, or the components of a group with their number. */
function subjectLines({ componentId, componentType, group }: Alert): string[] {
  const ofType = componentType === null ? '' : ` of \`${escapeMarkup(componentType)}\``;
  if (!group) return [`component \`${escapeMarkup(componentId)}\`${ofType}`];
  const { open, total, componentIds } = group;
  const counted = `${total} incident${total === 1 ? '' : 's'}${ofType} for one cause, ${open} open`;
  const hidden = open - componentIds.length;
  const listed = componentIds.map((id) => `\`${escapeMarkup(id)}\``).join(', ');
  return open === 0 ? [counted] : [counted, `${listed}${hidden > 0 ? ` and ${hidden} more` : ''}`];
}

/** Escapes a text and cuts it to `characters` after escaping. Slack refuses longer texts at every attempt. */
function escapeAndTruncate(text: string, characters: number): string {
  const escaped = escapeMarkup(text);
  if (escaped.length <= characters) return escaped;
  let truncated = '';
  for (const character of text) {
    const next = truncated + escapeMarkup(character);
    if (next.length >= characters) break;
    truncated = next;
  }
  return `${truncated}…`;
}

/** Escapes Slack's three control characters. Otherwise a component's name could mention a whole channel. */
const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
