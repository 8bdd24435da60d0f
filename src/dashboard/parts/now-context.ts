import { createContext } from 'preact';

/** The local clock at the current rendering of the page, epoch ms. */
export const NowContext = createContext(0);
