// What a user secret may look like, and how much of them a user may have: pure rules without I/O.

import type { CreateUserSecretRequest, UpdateUserSecretRequest } from '../codersdk/secrets.ts';
import {
  MAX_DESCRIPTION,
  MAX_ENV_NAME,
  MAX_FILE_PATH,
  MAX_NAME,
  MAX_SECRET_VALUE,
  MAX_SECRETS,
} from '../codersdk/sizes.ts';
import type { FieldProblem } from '../errors.ts';
import { trimmed } from '../golang/space.ts';
import { fitsInto } from '../golang/text.ts';

const MAX_TOTAL_BYTES = 204_800;
const MAX_ENV_BYTES = 24_576;

/** Variables that shells, SSH, editors and the workspace itself rely on. */
const RESERVED_ENV_NAMES: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'SHELL', 'USER', 'LOGNAME', 'PWD', 'OLDPWD', 'LANG', 'TERM', 'IFS', 'CDPATH', 'ENV', 'BASH_ENV'],
  ...['TMPDIR', 'TMP', 'TEMP', 'HOSTNAME', 'SSH_AUTH_SOCK', 'SSH_CLIENT', 'SSH_CONNECTION', 'SSH_TTY', 'EDITOR'],
  ...['VISUAL', 'PAGER', 'VSCODE_PROXY_URI', 'CS_DISABLE_GETTING_STARTED_OVERRIDE'],
  ...['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'],
]);
const RESERVED_PREFIXES = ['GIT_', 'LC_', 'LD_', 'DYLD_'] as const;

/** What is wrong with a text; undefined when nothing is. */
type Problem = string | undefined;

const notText = (text: string, what: string): Problem =>
  text.isWellFormed() ? undefined : `${what} must be valid Unicode text`;

/** @param text the name as sent, compared byte by byte later on */
export function secretNameProblem(text: string): Problem {
  if (!fitsInto(text, MAX_NAME)) return `Name must not exceed ${MAX_NAME} bytes.`;
  if (trimmed(text) === '') return 'Name is required.';
  if (trimmed(text) !== text) return 'Name must not have leading or trailing whitespace.';
  if (/[/?#]/.test(text)) return 'Name must not contain /, ?, or #.';
  if (text.includes('\u0000')) return 'Name must not contain null bytes.';
  return notText(text, 'Name');
}

/** An empty value is fine here: only creating requires one. */
export function secretValueProblem(text: string): Problem {
  if (!fitsInto(text, MAX_SECRET_VALUE)) return `secret value must not exceed ${MAX_SECRET_VALUE} bytes`;
  if (text.includes('\u0000')) return 'secret value must not contain null bytes';
  return notText(text, 'secret value');
}

/** The name of an environment variable, "" for none. Golden: rbac-secrets-validation */
export function envNameProblem(text: string): Problem {
  if (text === '') return undefined;
  if (!fitsInto(text, MAX_ENV_NAME)) {
    return `environment variable name must not exceed ${MAX_ENV_NAME} bytes`;
  }
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text)) {
    return 'must start with a letter or underscore, followed by letters, digits, or underscores';
  }
  const upper = text.toUpperCase();
  if (RESERVED_ENV_NAMES.has(upper)) return `${upper} is a reserved environment variable name`;
  if (upper === 'CODER' || upper.startsWith('CODER_')) {
    return 'environment variable names starting with CODER_ are reserved for internal use';
  }
  const prefix = RESERVED_PREFIXES.find((reserved) => upper.startsWith(reserved));
  return prefix === undefined ? undefined : `environment variables starting with ${prefix} are reserved`;
}

/** Where in a workspace the secret is written, "" for nowhere. */
export function filePathProblem(text: string): Problem {
  if (text === '') return undefined;
  if (!text.startsWith('/') && !text.startsWith('~/')) return 'file path must start with ~/ or /';
  if (text.includes('\u0000')) return 'file path must not contain null bytes';
  if (!fitsInto(text, MAX_FILE_PATH)) return `file path must not exceed ${MAX_FILE_PATH} bytes`;
  return notText(text, 'file path');
}

function descriptionProblem(text: string): Problem {
  if (!fitsInto(text, MAX_DESCRIPTION)) return `Description must not exceed ${MAX_DESCRIPTION} bytes.`;
  if (text.includes('\u0000')) return 'Description must not contain null bytes.';
  return notText(text, 'Description');
}

function collected(problems: [field: string, detail: Problem][]): FieldProblem[] {
  return problems.flatMap(([field, detail]) => (detail === undefined ? [] : [{ field, detail }]));
}

/** Everything wrong with a new secret, in the order of the fields. Golden: rbac-secrets-validation */
export function newSecretProblems(input: CreateUserSecretRequest): FieldProblem[] {
  return collected([
    ['name', secretNameProblem(input.name)],
    ['value', input.value === '' ? 'Value is required.' : secretValueProblem(input.value)],
    ['env_name', envNameProblem(input.env_name)],
    ['file_path', filePathProblem(input.file_path)],
    ['description', descriptionProblem(input.description)],
  ]);
}

/** Everything wrong with a change of a secret; fields that are not sent are fine. */
export function changeProblems(input: UpdateUserSecretRequest): FieldProblem[] {
  return collected([
    ['value', secretValueProblem(input.value ?? '')],
    ['env_name', envNameProblem(input.env_name ?? '')],
    ['file_path', filePathProblem(input.file_path ?? '')],
    ['description', descriptionProblem(input.description ?? '')],
  ]);
}

/** How much a user has: number of secrets, bytes of their values, and of those with an environment variable. */
export interface SecretTotals {
  count: number;
  bytes: number;
  envBytes: number;
}

/**
 * Which limit the totals are over, in the order in which clients are told; undefined when none.
 * Golden: rbac-secrets-limits
 */
export function limitProblem({
  count,
  bytes,
  envBytes,
}: SecretTotals): { message: string; detail: string } | undefined {
  if (count > MAX_SECRETS) {
    return {
      message: 'User secrets limit reached.',
      detail: `Each user can have at most ${MAX_SECRETS} secrets.`,
    };
  }
  if (bytes > MAX_TOTAL_BYTES) {
    return {
      message: 'User secrets value-bytes limit reached.',
      detail: `Stored bytes of your secret values exceed the per-user budget (${MAX_TOTAL_BYTES} bytes after encryption, if applicable). Reduce the size or number of your secrets.`,
    };
  }
  if (envBytes > MAX_ENV_BYTES) {
    return {
      message: 'Environment-injected user secrets bytes limit reached.',
      detail: `Stored bytes of env-injected secret values exceed the per-user budget (${MAX_ENV_BYTES} bytes after encryption, if applicable). Clear env_name on large secrets or use file_path instead.`,
    };
  }
  return undefined;
}
