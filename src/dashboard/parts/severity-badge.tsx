interface SeverityBadgeProps {
  readonly severity: 'warning' | 'critical';
}

/** How grave an issue or incident is, by word and colour. */
export function SeverityBadge({ severity }: SeverityBadgeProps) {
  const colour = severity === 'critical' ? 'badge-error' : 'badge-warning badge-soft';
  return <span class={`badge badge-sm ${colour} font-medium`}>{severity}</span>;
}
