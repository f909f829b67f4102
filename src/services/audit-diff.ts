// What an audit entry says of a change: the fields that differ, in a size that a list of entries can bear.
import { cutTo } from '../golang/text.ts';
import { ZERO_TIME } from '../store/schema.ts';

/** Characters kept of one text in an entry. */
const MAX_TEXT = 4096;
/** Values kept of one list, and fields of one object. */
const MAX_VALUES = 200;
/** Characters of one entry's diff as JSON; what comes after is only named. */
const MAX_DIFF = 65_536;

/** Secrets that are kept as bytes: their entries have no texts, empty or not. */
const SECRET_BYTES = new Set(['hashed_password', 'registration_access_token']);

/** A value with every text and list in it cut to a size; a list says how many more there were. */
export function bounded(value: unknown): unknown {
  if (typeof value === 'string') {
    const kept = cutTo(value, MAX_TEXT);
    return kept.length === value.length ? value : `${kept}… (${value.length - kept.length} more characters)`;
  }
  if (Array.isArray(value)) {
    const kept = value.slice(0, MAX_VALUES).map((item) => bounded(item));
    return value.length > MAX_VALUES ? [...kept, `… (${value.length - MAX_VALUES} more)`] : kept;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_VALUES)
      .map(([key, item]) => [key, bounded(item)]),
  );
}

/** What a field holds of a thing that is not there: nothing in the form of its value; undefined for lists and objects. */
function emptyValue(field: string, value: unknown): unknown {
  if (typeof value === 'boolean') return false;
  if (typeof value === 'number') return 0;
  if (typeof value !== 'string') return undefined;
  return /_at$|^last_used$/.test(field) ? ZERO_TIME : '';
}

const emptied = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, emptyValue(field, value)]));

/** What the log keeps of one field; a side that is null is left out. */
interface DiffField {
  old?: unknown;
  new?: unknown;
  secret: boolean;
}

/**
 * The fields that differ, by name. With one side alone a thing was created or deleted: the other side is empty.
 * @param secretFields fields that changed and whose values are nobody's business
 * Golden: audit-users-create, audit-keys, audit-secrets-skills
 */
export function auditDiff({
  before,
  after,
  secretFields = [],
}: {
  before?: Record<string, unknown>;
  after?: Record<string, unknown>;
  secretFields?: readonly string[];
}): Record<string, DiffField> {
  const old = before ?? emptied(after ?? {});
  const now = after ?? emptied(before ?? {});
  const changed = new Map<string, DiffField>();
  for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const [was, is] = [old[field] ?? undefined, now[field] ?? undefined];
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    changed.set(field, {
      ...(was !== undefined && { old: bounded(was) }),
      ...(is !== undefined && { new: bounded(is) }),
      secret: false,
    });
  }
  for (const field of secretFields) {
    changed.set(field, SECRET_BYTES.has(field) ? { secret: true } : { old: '', new: '', secret: true });
  }
  let size = 0;
  const diff: Record<string, DiffField> = {};
  for (const [field, entry] of changed) {
    size += JSON.stringify(entry).length;
    diff[field] = size > MAX_DIFF ? { old: '…', new: '…', secret: entry.secret } : entry;
  }
  return diff;
}
