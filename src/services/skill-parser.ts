// Reads the text of a skill: front matter in YAML between two lines of dashes, then the body.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  Lexer,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { MAX_SKILL_CONTENT } from '../codersdk/sizes.ts';
import { badRequest } from '../errors.ts';
import { quoted } from '../golang/quote.ts';
import { trimmed } from '../golang/space.ts';

const MAX_NAME_BYTES = 256;
const MAX_DESCRIPTION_BYTES = 4096;
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const DELIMITER = '---';

export interface ParsedSkill {
  name: string;
  /** "" when the front matter has none. */
  description: string;
}

const invalidContent = (what: string) =>
  badRequest('Invalid skill content.', { detail: `parse skill frontmatter: ${what}` });
const invalidName = (what: string) =>
  badRequest('Invalid skill name.', { detail: `invalid skill name: ${what}: invalid skill name` });

/** Takes the text apart at the delimiters, which may have white space around them. */
function split(content: string): { frontMatter: string; body: string } {
  const lines = content.replace(/^\ufeff/, '').split('\n');
  if (trimmed(lines[0] ?? '') !== DELIMITER) throw invalidContent('missing opening frontmatter delimiter');
  const end = lines.findIndex((line, index) => index > 0 && trimmed(line) === DELIMITER);
  if (end < 0) throw invalidContent('missing closing frontmatter delimiter');
  return { frontMatter: lines.slice(1, end).join('\n'), body: lines.slice(end + 1).join('\n') };
}

const NULL = /^(|~|null|Null|NULL)$/;
const BOOLEAN = /^(true|True|TRUE|false|False|FALSE)$/;
const INTEGER = /^[-+]?(0|[1-9]\d*|0[0-7]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const SPECIAL_FLOAT = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/** Whether an unquoted word stands for something other than its text. `yes`, `on` and the like are text. */
function isNoString(word: string): boolean {
  const digits = word.replaceAll('_', '');
  if (NULL.test(word) || BOOLEAN.test(word) || SPECIAL_FLOAT.test(word) || isDate(word)) return true;
  return INTEGER.test(digits) || (FLOAT.test(digits) && Number.isFinite(Number(digits)));
}

type FrontMatter = Map<string, unknown>;

/** The library makes something of each of these and of each backslash, even if only an error that takes its time. */
const MAX_TOKENS = 4000;
/** The library needs quadratic time for these; nobody writes them. */
const ENDLESS_BLANKS = /[ \t]{1000}/;

/** What is too large about a front matter; undefined when nothing is. */
function oversize(text: string): string | undefined {
  if (ENDLESS_BLANKS.test(text)) return 'too many blanks in a row';
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += token.split('\\').length;
    if (tokens > MAX_TOKENS) return `more than ${MAX_TOKENS} tokens`;
  }
  return undefined;
}

/** Unknown anchors, which the library takes, and repeated keys, which it looks for in quadratic time; undefined if none. */
function faultOf(document: Document): string | undefined {
  let fault: string | undefined;
  const anchors = new Set<string>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      if (!anchors.has(node.source)) fault = `unknown anchor '${node.source}' referenced`;
    } else if (isNode(node) && node.anchor) anchors.add(node.anchor);
    if (isMap(node)) {
      const keys = node.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
      if (new Set(keys).size < keys.length) fault = 'a mapping key is defined twice';
    }
    return fault === undefined ? undefined : visit.BREAK;
  });
  return fault;
}

/** The first YAML document of a text, or what is wrong with it; neither for a text without any. */
function parseYaml(text: string): { document?: Document; fault?: string | undefined } {
  try {
    // Without a schema every scalar stays text, so that what is a string is decided here alone.
    const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
    const [document] = parseAllDocuments(text, options);
    if (document === undefined || !('contents' in document)) return {};
    return { document, fault: document.errors[0]?.message.split('\n')[0] ?? faultOf(document) };
  } catch (err) {
    if (err instanceof RangeError) return { fault: err.message };
    throw err;
  }
}

/** The fields of the front matter as YAML nodes. */
function readYaml(text: string): FrontMatter {
  const invalidYaml = (what: string) => invalidContent(`parse frontmatter YAML: yaml: ${what}`);
  const tooMuch = oversize(text);
  if (tooMuch !== undefined) throw invalidYaml(tooMuch);
  const { document, fault } = parseYaml(text);
  if (fault !== undefined) throw invalidYaml(fault.includes('call stack') ? 'nested too deeply' : fault);
  if (document === undefined) return new Map();
  const { contents } = document;
  if (
    contents === null ||
    (isScalar(contents) && contents.type === Scalar.PLAIN && NULL.test(String(contents.value)))
  ) {
    return new Map();
  }
  const fields: FrontMatter = new Map();
  if (!isMap(contents)) throw invalidYaml('the front matter is not a map');
  for (const { key, value } of (contents as YAMLMap).items) {
    if (!isScalar(key)) throw invalidYaml('a key is not a plain value');
    fields.set(String(key.value), isAlias(value) ? value.resolve(document) : value);
  }
  return fields;
}

function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}

/** The text without `<!-- comments -->`; one that does not end is text. */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('<!--', at);
    const end = start < 0 ? -1 : text.indexOf('-->', start + 4);
    if (end < 0) return parts.join('') + text.slice(at);
    parts.push(text.slice(at, start));
    at = end + 3;
  }
}

/** The text of a field without line ends behind it; undefined for anything that YAML does not read as a string. */
function stringOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const text = String(node.value ?? '');
  const isString =
    node.tag === undefined ? node.type !== Scalar.PLAIN || !isNoString(text) : /^(!|.*:str)$/.test(node.tag);
  return isString ? withoutLineEnds(text) : undefined;
}

/**
 * Name and description of a skill.
 * @param content the whole text as sent; sizes are bytes of UTF-8
 * @throws ApiError 400 for the first of: size, delimiters, YAML, name, description, body (golden: rbac-skills-content)
 */
export function parseSkill(content: string): ParsedSkill {
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_SKILL_CONTENT) {
    throw badRequest('Skill content is too large.', {
      detail: `skill is too large: got ${bytes} bytes, maximum is ${MAX_SKILL_CONTENT} bytes: skill is too large`,
    });
  }
  const { frontMatter, body } = split(content);
  const fields = readYaml(frontMatter);
  const name = stringOf(fields.get('name'));
  if (!name) throw invalidName("frontmatter must contain a 'name' field");
  const description = fields.has('description') ? stringOf(fields.get('description')) : '';
  if (description === undefined) throw invalidContent('frontmatter field "description" must be a string');
  if (!NAME.test(name)) throw invalidName(`${quoted(name)} must match ${NAME.source}`);
  if (name.length > MAX_NAME_BYTES) {
    throw invalidName(`"${name}" is ${name.length} bytes, maximum is ${MAX_NAME_BYTES} bytes`);
  }
  const descriptionBytes = Buffer.byteLength(description);
  if (descriptionBytes > MAX_DESCRIPTION_BYTES) {
    throw badRequest('Skill description is too large.', {
      detail: `skill description is too large: got ${descriptionBytes} bytes, maximum is ${MAX_DESCRIPTION_BYTES} bytes: skill description is too large`,
    });
  }
  if (trimmed(withoutComments(body)) === '') {
    throw badRequest('Skill body is required.', {
      detail: `skill body is required: skill "${name}" has no content after frontmatter: skill body is required`,
    });
  }
  return { name, description };
}
