/** Anybody, in proportion to the declared room. */
import type { MakeStrategy } from '../strategy.ts';
import { drawByRoom } from './draw.ts';

export const random: MakeStrategy = ({ rooms, random: uniform }) => ({ pick: drawByRoom(rooms, uniform) });
