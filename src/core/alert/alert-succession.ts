/**
 * Which waiting alerts a newer one replaces. The receiver needs the newest state of an incident, so older states that
 * are still waiting are never sent: a warning that became critical, an alert of an incident that has ended.
 */
import type { AttemptRecord } from '../delivery/delivery-attempt.ts';
import { cannotHaveArrived } from '../delivery/delivery-attempt.ts';
import type { Alert } from './alert.ts';
import { alertKindOf } from './alert.ts';

type Kind = Alert['kind'];

/** An acknowledgement says nothing about the incident itself, so it replaces no alert. */
const REPLACES: Readonly<Record<Kind, readonly Kind[]>> = {
  opened: ['opened', 'repeated'],
  repeated: ['opened', 'repeated'],
  acknowledged: ['acknowledged'],
  resolved: ['opened', 'repeated', 'acknowledged'],
};

/** A delivery of one alert to one receiver. */
export interface AlertDelivery {
  readonly type: string;
  readonly state: 'waiting' | 'handed' | 'sending' | 'delivered' | 'dead' | 'superseded';
  readonly attempts: readonly AttemptRecord[];
}

/**
 * The waiting deliveries that need not be sent. `deliveries` are all of one alert to one receiver, oldest first. A
 * resolution is dropped as well if no earlier alert can have reached the receiver.
 */
export function supersededAlerts<D extends AlertDelivery>(deliveries: readonly D[]): D[] {
  const superseded = deliveries.filter(
    (delivery, at) =>
      delivery.state === 'waiting' &&
      deliveries.slice(at + 1).some((later) => isOpen(later) && replaces(later, delivery)),
  );
  const newest = deliveries.at(-1);
  const isNeedless =
    newest?.state === 'waiting' && kindOf(newest) === 'resolved' && !deliveries.some((each) => mayHaveArrived(each));
  return isNeedless ? [...superseded, newest] : superseded;
}

const kindOf = ({ type }: AlertDelivery): Kind => alertKindOf(type);

const replaces = (newer: AlertDelivery, older: AlertDelivery): boolean =>
  REPLACES[kindOf(newer)].includes(kindOf(older));

const isOpen = ({ state }: AlertDelivery): boolean => state !== 'dead' && state !== 'superseded';

/** After a timeout or a lost connection the receiver may have the alert. */
const mayHaveArrived = ({ state, attempts }: AlertDelivery): boolean =>
  state === 'delivered' ||
  state === 'handed' ||
  state === 'sending' ||
  attempts.some((attempt) => !cannotHaveArrived(attempt));
