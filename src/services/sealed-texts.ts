// All that is stored encrypted, page by page, and whether it can be decrypted.
import { DamagedSecretError, UnknownSecretKeyError } from '../crypto/secret-box.ts';
import type { Ctx } from '../ctx.ts';
import { listSealed, SEALED_COLUMNS, type SealedColumn, type SealedText } from '../store/sealed.ts';
import { secretAad } from './secrets.ts';

const BATCH = 100;

export type SealedKind = keyof typeof SEALED_COLUMNS;

export interface SealedPlace {
  readonly kind: SealedKind;
  readonly column: SealedColumn;
  /** What ties a text to its row. */
  readonly aad?: (key: string[]) => string;
  /** Which texts are encrypted at all; every one without it. */
  readonly isSealed?: (stored: string) => boolean;
}

const isToken = (stored: string) => stored !== '';
const isSealedSetting = (stored: string) => /^(v0:|v1:[0-9a-f]{16}:)[A-Za-z0-9+/]*={0,2}$/.test(stored);

const PLACES: readonly SealedPlace[] = [
  { kind: 'secrets', column: SEALED_COLUMNS.secrets, aad: ([id = '']) => secretAad(id) },
  { kind: 'sshKeys', column: SEALED_COLUMNS.sshKeys },
  { kind: 'accessTokens', column: SEALED_COLUMNS.accessTokens, isSealed: isToken },
  { kind: 'refreshTokens', column: SEALED_COLUMNS.refreshTokens, isSealed: isToken },
  { kind: 'settings', column: SEALED_COLUMNS.settings, isSealed: isSealedSetting },
];

/** Every encrypted text, in pages of one place each. */
export async function* sealedPages(
  db: Ctx['db'],
): AsyncGenerator<{ readonly place: SealedPlace; readonly texts: SealedText[] }> {
  for (const place of PLACES) {
    let after: string[] | undefined;
    for (;;) {
      const page = await listSealed(db, place.column, after, BATCH);
      const texts = page.filter(({ stored }) => place.isSealed?.(stored) ?? true);
      if (texts.length > 0) yield { place, texts };
      if (page.length < BATCH) break;
      after = page.at(-1)?.key;
    }
  }
}

/** The plain bytes of a text, or why no configured key gives them. */
export function openText(
  { secretBox }: Pick<Ctx, 'secretBox'>,
  { aad }: SealedPlace,
  { key, stored }: SealedText,
): { plain: Buffer } | { reason: string } {
  try {
    return { plain: secretBox.decryptBytes(stored, aad?.(key)) };
  } catch (err) {
    if (!(err instanceof UnknownSecretKeyError || err instanceof DamagedSecretError)) throw err;
    return { reason: err.message };
  }
}
