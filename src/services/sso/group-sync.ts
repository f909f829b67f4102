// Which groups of an organization the claims of a login name (docs/differences.md 20). Pure; whether they exist is for
// whoever keeps groups.
import type { GroupSyncSettings } from '../../codersdk/idp-sync.ts';
import { parseRegexp } from '../../golang/regexp.ts';
import type { Claims } from '../../idp/claims.ts';
import { valuesOf } from './claims.ts';
import { isUnknown, mapped, type Notes } from './sync.ts';

/** A group by its id, or by its name alone. */
export type NamedGroup = { readonly id: string } | { readonly name: string };

/** Names that are longer are not looked for. */
const LONGEST_NAME = 255;

/** The group that everybody in an organization is in: nobody is put into it or taken out of it. */
const isEveryone = (name: string) => name.toLowerCase() === 'everyone';

/**
 * The groups that the claims give in an organization, each once; undefined while they are not synchronized, or when the
 * provider keeps the claim elsewhere. The filter looks at the provider's names, or with a mapping by names from the
 * environment at what that makes of them. A value that is mapped to ids is not looked for by its name.
 */
export function groupsFromClaims(
  organizationId: string,
  settings: GroupSyncSettings,
  claims: Claims,
  notes: Notes,
): NamedGroup[] | undefined {
  const { field, mapping, regex_filter: filter, legacy_group_name_mapping: names = {} } = settings;
  if (field === '' || isUnknown(notes, claims, field, 'groups')) return undefined;
  const parsed = filter === null ? undefined : parseRegexp(filter);
  const passes = (name: string) => parsed === undefined || ('matches' in parsed && parsed.matches(name));
  const found = new Map<string, NamedGroup>();
  for (const value of valuesOf(claims, field)) {
    const name = Object.hasOwn(names, value) ? (names[value] ?? '') : value;
    if (name === '' || name.length > LONGEST_NAME || isEveryone(name) || !passes(name)) continue;
    const ids = mapped(mapping, value);
    for (const id of ids ?? []) if (id !== organizationId) found.set(`id ${id}`, { id });
    if (ids === undefined) found.set(`name ${name}`, { name });
  }
  return [...found.values()];
}
