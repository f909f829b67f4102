// The building blocks of the schemas of request bodies, which codersdk/decode.ts reads. Every text, list and map has a
// bound (docs/differences.md 24): it stands in the contract document and is checked before anything is done with the value.
import { z } from 'zod';
import { parseUuid } from '../golang/uuids.ts';
import { MAX_WORD } from './sizes.ts';

/** What the decoder and the contract document know of a schema besides its type. */
export interface WireMeta {
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  /** The operation has words of its own for a value that is too large, so the decoder lets it through. */
  ownSize?: boolean;
  /** The operation has words of its own for text that cannot be stored. */
  textRules?: 'own';
}

/** A text of at most so many bytes. */
export const text = (maxLength: number) => z.string().meta({ maxLength });

/** A text field of at most so many bytes: missing and null read as "". */
export const goString = (maxBytes: number) => text(maxBytes).default('');
/** A text field whose rule judges its length too, in its own words. */
export const ruledString = (maxBytes: number) => text(maxBytes).meta({ ownSize: true }).default('');
/** A true/false field: missing and null read as false. */
export const goBool = () => z.boolean().default(false);
/** A list of at most so many items: missing and null read as []. */
export const goList = <T extends z.ZodType>(item: T, maxItems: number) => list(item, maxItems).default([]);
export const list = <T extends z.ZodType>(item: T, maxItems: number) => z.array(item).meta({ maxItems });
/** A map from texts of at most `maxKeyBytes`: missing and null read as {}. */
export const goMap = <T extends z.ZodType>(value: T, maxProperties: number, maxKeyBytes: number) =>
  z.record(text(maxKeyBytes), value).meta({ maxProperties }).default({});
/** A field whose absence means "leave as it is". */
export const optionalString = (maxBytes: number) => text(maxBytes).optional();
/** As `optionalString`, with a rule that judges its length too. */
export const optionalRuledString = (maxBytes: number) => text(maxBytes).meta({ ownSize: true }).optional();
export const optionalBool = () => z.boolean().optional();

const INT64 = 1n << 63n;
/** A 64-bit integer written without fraction or exponent; missing and null read as 0. */
export const goInt64 = () =>
  z
    .bigint()
    .refine((v) => v < INT64 && v >= -INT64, { params: { decode: true } })
    .default(0n);

/** A UUID field in a body: a wrong spelling is a decoding error, missing reads as the nil UUID when `nil` is given. */
export const uuidText = () =>
  text(MAX_WORD)
    .refine((v) => parseUuid(v) !== undefined, { params: { decode: true } })
    .overwrite((v) => parseUuid(v) ?? v)
    .meta({ format: 'uuid' });

/** A field rule: fails with the tag that the answer names (`Validation failed for tag "…"`). */
export const rule = (tag: string) => ({ params: { tag } });
/** The rule of fields that must not be empty. */
export const required = <T extends z.ZodType<string>>(field: T) =>
  field.refine((v) => v !== '', rule('required')).meta({ required: true });
