// The links of clients' help menus, CODER_SUPPORT_LINKS.
import { ConfigError, type Reader } from './values.ts';

export interface SupportLink {
  readonly name: string;
  readonly target: string;
  readonly icon: string;
}

/** People follow these links: other schemes could make a client run something. */
const SAFE_TARGET = /^(?:https?:\/\/|mailto:)\S+$/i;

/** Reads the links; undefined when none are set. @throws ConfigError */
export function readSupportLinks(reader: Reader): readonly SupportLink[] | undefined {
  const variable = 'CODER_SUPPORT_LINKS';
  const list = reader.yaml(variable);
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) throw new ConfigError(variable, 'is not a JSON or YAML list of {"name", "target", "icon"}');
  return list.map((item: unknown, at) => {
    const { name, target, icon = '' } = (item ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof target !== 'string' || typeof icon !== 'string' || !SAFE_TARGET.test(target))
      throw new ConfigError(variable, `link number ${at + 1} needs a name and a target that is a web or mail address`);
    return { name, target, icon };
  });
}
