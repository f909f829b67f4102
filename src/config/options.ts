// The settings as clients are shown them: each variable that is read, with what is documented of it, its value and where that
// comes from. Secrets have no value here, so none can get out.
import { SETTINGS } from './documentation.ts';
import { OPTION_TABLE } from './option-table.ts';
import { type Environment, type Kind, type Reader, readerOf } from './values.ts';

export interface OptionGroup {
  readonly name: string;
  readonly yaml: string;
  readonly parent?: OptionGroup;
}

export interface DeploymentOption {
  readonly name: string;
  readonly description: string;
  readonly flag: string;
  readonly flagShorthand: string;
  readonly env: string;
  readonly yaml: string;
  /** As one would type it; empty for none. */
  readonly default: string;
  /** Undefined for secrets. */
  readonly value: unknown;
  readonly source: 'env' | 'default' | '';
  readonly group: OptionGroup | undefined;
  readonly hidden: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly useInstead: readonly DeploymentOption[];
}

interface Row {
  readonly name: string;
  readonly env: string;
  readonly yaml: string;
  readonly default: string;
  readonly marks: ReadonlyMap<string, string>;
  readonly group: OptionGroup | undefined;
}

const OLDER = 'CODER_NOTIFICATIONS_EMAIL_';
const NEWER = 'CODER_EMAIL_';
/** Groups that only hold others. */
const PARENT_YAML: Readonly<Record<string, string>> = { OAuth2: 'oauth2', Introspection: 'introspection' };

function readTable(text: string): Row[] {
  const groups = new Map<string, OptionGroup>();
  let group: OptionGroup | undefined;
  const rows: Row[] = [];
  for (const line of text.trim().split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    if (line.startsWith('#')) {
      const [name = '', yaml = '', parent = ''] = [cells[0]?.slice(1).trim(), ...cells.slice(1)];
      const above =
        parent === '' ? undefined : (groups.get(parent) ?? { name: parent, yaml: PARENT_YAML[parent] ?? '' });
      group = name === '' ? undefined : { name, yaml, ...(above && { parent: above }) };
      if (group && !groups.has(name)) groups.set(name, group);
      continue;
    }
    const [name = '', env = '', yaml = '', unset = '', marks = ''] = cells;
    const entries = marks === '' ? [] : marks.split('; ').map((mark) => mark.split('=', 2) as [string, string?]);
    const known = new Map(entries.map(([key, value = '']) => [key, value]));
    rows.push({ name, env: `CODER_${env}`, yaml, default: unset, marks: known, group });
  }
  return rows;
}

const TABLE = readTable(OPTION_TABLE);
const DEFAULTS = new Map(TABLE.map((row) => [row.env, row.default]));
const EFFECTS = new Map(SETTINGS.flatMap(({ settings }) => settings).map(({ name, effect }) => [name, effect]));

/** What a setting does, as a sentence. */
function describe(env: string): string {
  const newer = env.replace(OLDER, NEWER);
  const effect = EFFECTS.get(newer);
  if (effect !== undefined) return `${effect.charAt(0).toUpperCase()}${effect.slice(1)}.`;
  const inFile = EFFECTS.get(newer.replace(/_FILE$/, ''));
  return inFile === undefined ? '' : `The path of a file that holds ${inFile}.`;
}

/** `CODER_USERS_DATA_DIR` -> `Users Data Dir`. */
const nameOf = (env: string) =>
  env
    .replace(/^CODER_/, '')
    .toLowerCase()
    .replace(/(^|_)([a-z])/g, (_, gap, letter) => (gap && ' ') + letter.toUpperCase());

/** Variables of other programs (PGSSLMODE, OTEL_*) are not settings of this one. */
const isOurs = (name: string) => name.startsWith('CODER_');

/** Settings that are read and not in the table are this server's own; other programs' variables are left out. */
const ownRow = (env: string): Row => ({
  name: nameOf(env),
  env,
  yaml: '',
  default: '',
  marks: new Map(),
  group: undefined,
});

const VALUES: Readonly<Record<Exclude<Kind, 'secret'>, (reader: Reader, name: string) => unknown>> = {
  text: (reader, name) => reader.text(name, ''),
  boolean: (reader, name) => reader.boolean(name, false),
  integer: (reader, name) => reader.integer(name, 0),
  duration: (reader, name) => Number(reader.duration(name, 0n)),
  list: (reader, name) => (reader.raw(name) === undefined ? null : reader.list(name, [])),
  textMap: (reader, name) => reader.textMap(name, {}),
  listMap: (reader, name) => reader.listMap(name),
  yaml: (reader, name) => reader.yaml(name) ?? null,
};

/**
 * The options of everything that was read.
 * @param effective values that follow from other settings, by variable
 */
export function deploymentOptions(
  env: Environment,
  { names, kinds }: Reader,
  effective: Readonly<Record<string, unknown>>,
): DeploymentOption[] {
  const twinOf = (name: string) => (name.startsWith(OLDER) ? name.replace(OLDER, NEWER) : name.replace(NEWER, OLDER));
  const known = new Set(TABLE.map((row) => row.env));
  const isFileOfSecret = (name: string) => kinds.get(name.replace(/_FILE$/, '')) === 'secret' && name.endsWith('_FILE');
  const documented = TABLE.filter((row) => names.has(row.env));
  const rows = [
    ...documented,
    // Every secret may come from a file.
    ...documented
      .filter(({ env }) => kinds.get(env) === 'secret' && names.has(`${env}_FILE`) && !known.has(`${env}_FILE`))
      .map((row) => ({ ...ownRow(`${row.env}_FILE`), name: `${row.name} File`, group: row.group })),
    ...[...names].filter((name) => isOurs(name) && !known.has(name) && !isFileOfSecret(name)).map(ownRow),
  ];
  const optionOf = (row: Row): DeploymentOption => {
    const { marks } = row;
    const isSwitch = /^(?:true|false)$/.test(row.default);
    const kind = kinds.get(row.env) ?? kinds.get(twinOf(row.env)) ?? (isSwitch ? 'boolean' : 'text');
    const set = env[row.env] || env[twinOf(row.env)] || undefined;
    const text = set ?? (row.default || DEFAULTS.get(twinOf(row.env)) || undefined);
    const choices = marks.get('choices')?.split(',');
    const parsed = () => {
      if (set === undefined && row.env in effective) return effective[row.env];
      const value = VALUES[kind as Exclude<Kind, 'secret'>](
        readerOf(text === undefined ? {} : { [row.env]: text }),
        row.env,
      );
      return choices ? { Choices: choices, Value: value } : value;
    };
    const instead = marks.get('instead')?.split('/') ?? [];
    return {
      name: row.name,
      description: describe(row.env),
      flag:
        marks.get('flag') ??
        row.env
          .replace(/^CODER_/, '')
          .toLowerCase()
          .replaceAll('_', '-'),
      flagShorthand: marks.get('short') ?? '',
      env: row.env,
      yaml: row.yaml,
      default: row.default,
      value: kind === 'secret' ? undefined : parsed(),
      source: set !== undefined ? 'env' : row.default !== '' || marks.has('sourced') ? 'default' : '',
      group: row.group,
      hidden: marks.has('hidden'),
      annotations: {
        ...(marks.has('enterprise') && { enterprise: 'true' }),
        ...(kind === 'secret' && { secret: 'true' }),
        ...(marks.has('proxies') && { external_workspace_proxies: 'true' }),
        ...(kind === 'duration' && { format_duration: 'true' }),
      },
      useInstead: TABLE.filter(({ name, env: other }) => instead.includes(name) && names.has(other)).map(optionOf),
    };
  };
  return rows.map(optionOf).sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
