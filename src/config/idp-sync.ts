// What the environment says about sync with the identity provider: in force until the API stores settings of its own.
import { parseRegexp } from '../golang/regexp.ts';
import { isPlainUuid } from '../golang/uuids.ts';
import { ConfigError, type Reader } from './values.ts';

export interface IdpSyncConfig {
  readonly organizations: {
    /** The claim; empty means that organizations are not synchronized. */
    readonly field: string;
    /** Claim value to organization ids (lower-case UUIDs). */
    readonly mapping: Readonly<Record<string, readonly string[]>>;
    readonly assignDefault: boolean;
  };
  /** For the default organization. */
  readonly groups: {
    readonly field: string;
    /** Claim value to the name of a group. */
    readonly nameMapping: Readonly<Record<string, string>>;
    /** Null while there is no field. */
    readonly regexFilter: string | null;
    readonly autoCreate: boolean;
  };
}

function readOrganizationMapping(reader: Reader): Record<string, string[]> {
  const variable = 'CODER_OIDC_ORGANIZATION_MAPPING';
  const entries = Object.entries(reader.listMap(variable)).map(([claim, ids]) => {
    const lower = ids.map((id) => id.toLowerCase());
    const wrong = lower.find((id) => !isPlainUuid(id));
    if (wrong !== undefined) throw new ConfigError(variable, `${JSON.stringify(wrong)} is not an organization id`);
    return [claim, lower] as const;
  });
  return Object.fromEntries(entries);
}

function readRegexFilter(reader: Reader): string {
  const variable = 'CODER_OIDC_GROUP_REGEX_FILTER';
  const expression = reader.text(variable, '.*');
  const parsed = parseRegexp(expression);
  if ('fault' in parsed) throw new ConfigError(variable, parsed.fault);
  return expression;
}

/**
 * Reads CODER_OIDC_ORGANIZATION_* and CODER_OIDC_GROUP_*.
 * @param groupField the claim with groups, or empty
 * @throws ConfigError
 */
export function readIdpSync(reader: Reader, groupField: string): IdpSyncConfig {
  const regexFilter = readRegexFilter(reader);
  for (const name of ['GROUP_MAPPING', 'GROUP_REGEX_FILTER', 'GROUP_AUTO_CREATE']) {
    reader.setIdle(`CODER_OIDC_${name}`, 'shows in the settings of group sync only: this server keeps no groups');
  }
  return {
    organizations: {
      field: reader.text('CODER_OIDC_ORGANIZATION_FIELD', ''),
      mapping: readOrganizationMapping(reader),
      assignDefault: reader.boolean('CODER_OIDC_ORGANIZATION_ASSIGN_DEFAULT', true),
    },
    groups: {
      field: groupField,
      nameMapping: reader.textMap('CODER_OIDC_GROUP_MAPPING', {}),
      regexFilter: groupField === '' ? null : regexFilter,
      autoCreate: reader.boolean('CODER_OIDC_GROUP_AUTO_CREATE', false),
    },
  };
}
