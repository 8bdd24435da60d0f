interface SeverityBadgeProps {
  readonly severity: 'warning' | 'critical';
}

/** The severity of an issue or incident, by word and colour. */
export function SeverityBadge({ severity }: SeverityBadgeProps) {
  const colour = severity === 'critical' ? 'badge-error' : 'badge-warning badge-soft';
  return <span class={`badge badge-sm ${colour} font-medium`}>{severity}</span>;
}
