// The building blocks of the schemas of answers, beside `text` and `list` of codersdk/wire.ts. Their bounds tell clients how
// large things get (docs/differences.md 24); they stand in the contract document only, and no answer is checked against them.
import { z } from 'zod';
import { MAX_COUNT } from './sizes.ts';
import { list, text } from './wire.ts';

/** A whole number between two others. */
export const whole = (minimum: number, maximum: number) => z.int().meta({ minimum, maximum });
/** How many there are of something. */
export const count = () => whole(0, MAX_COUNT);
/** A map of at most so many entries from texts of at most `maxKeyBytes`. */
export const map = <T extends z.ZodType>(value: T, maxProperties: number, maxKeyBytes: number) =>
  z.record(text(maxKeyBytes), value).meta({ maxProperties });
/** A list of what does not exist here. */
export const nothing = () => list(z.unknown(), 0);
