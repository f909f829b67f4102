// What commands say: names, addresses and reasons in it may be anybody's, and a terminal must not obey them.
import { printable } from '../golang/text.ts';

/** On standard output. */
export const say = (text: string): void => console.log(printable(text));

/** On standard error. */
export const complain = (text: string): void => console.error(printable(text));

/** One line of a report, whatever its parts hold. */
export const inOneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
