import { createContext } from 'preact';

/** This machine's clock, epoch ms, as of the current drawing of the page. */
export const NowContext = createContext(0);
