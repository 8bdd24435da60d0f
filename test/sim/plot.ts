/** SVG plot of the p99 over the snapshot age at eight routers: two panels, one for each load. */
import { AGES, LOADS } from './cases.ts';
import { nearest } from './report.ts';
import type { Results } from './results.ts';
import type { Estimate } from './statistics.ts';

const SERIES: readonly (readonly [name: string, title: string, colour: string])[] = [
  ['best score', 'best score (the plan)', '#b91c1c'],
  ['least load', 'least load', '#c2620a'],
  ['random', 'random', '#8a8a8a'],
  ['two choices', 'two choices', '#8b5fbf'],
  ['peak EWMA', 'peak EWMA', '#0f8a7e'],
  ['like Prequal', 'like Prequal', '#4d7c0f'],
  ['edge least-time', 'edge least-time', '#1d4ed8'],
  ['exact least-time', 'exact least-time', '#111827'],
];

const PANEL = { width: 330, height: 380, labels: 175, left: 56, top: 58 };
const TICKS = [1, 2, 5, 10, 20, 50, 100, 200];
const [LOWEST, HIGHEST] = [0.9, 250];
const LABEL_HEIGHT = 15;
const ROUTERS = 8;

export function plot(results: Results): string {
  const width = PANEL.left + LOADS.length * (PANEL.width + PANEL.labels);
  const height = PANEL.top + PANEL.height + 52;
  const panels = LOADS.map((load, at) => panel(results, load, PANEL.left + at * (PANEL.width + PANEL.labels)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>p99 response time as a multiple of the oracle's, over the age of the snapshots, ${ROUTERS} routers</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(
      PANEL.left,
      22,
      `p99 response time ÷ the oracle's, ${ROUTERS} routers, 100 servers`,
      'font-size="15" fill="#111827"',
    ),
    ...panels.flat(),
    '</svg>',
    '',
  ].join('\n');
}

function panel(results: Results, load: number, left: number): string[] {
  const bottom = PANEL.top + PANEL.height;
  const parts = [
    text(left, PANEL.top - 12, `load ${Math.round(load * 100)} %`, 'fill="#374151" font-weight="600"'),
    ...TICKS.flatMap((tick) => [
      `<line x1="${left}" x2="${left + PANEL.width}" y1="${yOf(tick)}" y2="${yOf(tick)}" stroke="${tick === 1 ? '#6b7280' : '#e5e7eb'}"/>`,
      text(left - 8, yOf(tick) + 4, String(tick), 'text-anchor="end" fill="#6b7280"'),
    ]),
    ...AGES.map((ageMs, at) =>
      text(xOf(left, at), bottom + 18, `${ageMs / 1_000} s`, 'text-anchor="middle" fill="#6b7280"'),
    ),
    text(left + PANEL.width / 2, bottom + 38, 'age of the snapshot', 'text-anchor="middle" fill="#374151"'),
  ];
  const ends: { readonly y: number; readonly title: string; readonly colour: string }[] = [];
  for (const [name, title, colour] of SERIES) {
    const points = AGES.map((ageMs) => nearest(results, load, { name, routers: ROUTERS, ageMs, uneven: false })!.p99);
    parts.push(...line(points, left, colour, name === 'edge least-time' ? 3 : 1.6));
    ends.push({ y: yOf(points.at(-1)!.mean), title, colour });
  }
  return [...parts, ...labels(ends, left + PANEL.width + 6)];
}

function line(points: readonly Estimate[], left: number, colour: string, width: number): string[] {
  const path = points.map(({ mean }, at) => `${xOf(left, at)},${yOf(mean)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"/>`,
    ...points.flatMap(({ mean, within }, at) => [
      `<line x1="${xOf(left, at)}" x2="${xOf(left, at)}" y1="${yOf(mean - within)}" y2="${yOf(mean + within)}" stroke="${colour}"/>`,
      `<circle cx="${xOf(left, at)}" cy="${yOf(mean)}" r="${width}" fill="${colour}"/>`,
    ]),
  ];
}

/** Labels at the ends of their lines, moved apart if they would overlap. */
function labels(ends: readonly { readonly y: number; readonly title: string; readonly colour: string }[], x: number) {
  let above = -Infinity;
  const placed = ends
    .toSorted((a, b) => a.y - b.y)
    .map((end) => ({ ...end, at: (above = Math.max(end.y, above + LABEL_HEIGHT)) }));
  // Labels moved below the panel move the others up.
  let below = PANEL.top + PANEL.height + LABEL_HEIGHT;
  for (const each of placed.toReversed()) below = each.at = Math.min(each.at, below - LABEL_HEIGHT);
  return placed.map(({ at, title, colour }) => text(x, round(at + 4), title, `fill="${colour}"`));
}

const xOf = (left: number, at: number): number => round(left + 18 + ((PANEL.width - 36) * at) / (AGES.length - 1));

function yOf(value: number): number {
  const part = Math.log(Math.min(HIGHEST, Math.max(LOWEST, value)) / LOWEST) / Math.log(HIGHEST / LOWEST);
  return round(PANEL.top + PANEL.height * (1 - part));
}

const round = (value: number): number => Math.round(value * 10) / 10;
const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${x}" y="${y}" ${attributes}>${content}</text>`;
