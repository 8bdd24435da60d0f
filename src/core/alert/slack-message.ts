/**
 * A message for Slack's incoming webhooks and what is compatible with them (Mattermost, Discord's `/slack`, Google
 * Chat bridges): https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
import type { JsonObject } from '../json.ts';
import type { Alert } from './alert.ts';
import { isAbsolute } from './alert.ts';

/** Of a section's text it is 3 000. */
const MAX_TEXT = 2_800;

const HEADS: Readonly<Record<Alert['kind'], string>> = {
  opened: 'Incident',
  repeated: 'Still open',
  acknowledged: 'Acknowledged',
  resolved: 'Resolved',
};

export function slackMessage(alert: Alert): JsonObject {
  const { kind, severity, title, summary, componentId, componentType, link, repeats } = alert;
  const head = `${HEADS[kind]}${kind === 'opened' || kind === 'repeated' ? ` (${severity})` : ''}: ${title}`;
  const lines = [
    `*${fitted(head, 400)}*`,
    fitted(summary, MAX_TEXT - 1_200),
    `component \`${escaped(componentId)}\`${componentType === null ? '' : ` of \`${escaped(componentType)}\``}`,
    ...(repeats > 0 ? [`${repeats} more failed ${repeats === 1 ? 'recovery' : 'recoveries'} since it was opened`] : []),
    isAbsolute(link) ? `<${escaped(link)}|open the incident>` : escaped(link),
  ].filter((line) => line !== '');
  return {
    // What is read aloud, and by what knows no blocks.
    text: fitted(head, 400),
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: lines.join('\n') } }],
  };
}

/** Escaped, and no longer than that as it is sent: Slack refuses what is, at every attempt. */
function fitted(text: string, characters: number): string {
  const whole = escaped(text);
  if (whole.length <= characters) return whole;
  let kept = '';
  for (const character of text) {
    const next = kept + escaped(character);
    if (next.length >= characters) break;
    kept = next;
  }
  return `${kept}…`;
}

/** The three characters that mean something to Slack. A component's name must not mention everybody. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
