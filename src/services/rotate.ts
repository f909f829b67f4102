// Changing the encryption key: whatever another key encrypted is encrypted with the first one.

import { DamagedSecretError, UnknownSecretKeyError } from '../crypto/secret-box.ts';
import type { Ctx } from '../ctx.ts';
import { inTransaction } from '../store/db.ts';
import { listSealed, replaceSealed, SEALED_COLUMNS, type SealedColumn, type SealedText } from '../store/sealed.ts';
import { secretAad } from './secrets.ts';

const BATCH = 100;

interface Sealed {
  column: SealedColumn;
  /** What ties a text to its row. */
  aad?: (key: string[]) => string;
  /** Which texts are encrypted at all; every one without it. */
  isSealed?: (stored: string) => boolean;
}

const isToken = (stored: string) => stored !== '';
const isSealedSetting = (stored: string) => /^(v0:|v1:[0-9a-f]{16}:)[A-Za-z0-9+/]*={0,2}$/.test(stored);

const PLACES: readonly Sealed[] = [
  { column: SEALED_COLUMNS.secrets, aad: ([id = '']) => secretAad(id) },
  { column: SEALED_COLUMNS.sshKeys },
  { column: SEALED_COLUMNS.accessTokens, isSealed: isToken },
  { column: SEALED_COLUMNS.refreshTokens, isSealed: isToken },
  { column: SEALED_COLUMNS.settings, isSealed: isSealedSetting },
];

export interface RotationResult {
  /** Texts that the first key encrypts now and did not before. */
  rotated: number;
  /** Texts that no configured key decrypts; each is named in the log. */
  failed: number;
}

type Parts = Pick<Ctx, 'db' | 'secretBox' | 'log'>;

/** The text encrypted with the first key; undefined, with a line in the log, when no key decrypts it. */
function reencrypt(
  { secretBox, log }: Parts,
  { column, aad }: Sealed,
  { key, stored }: SealedText,
): string | undefined {
  const tie = aad?.(key);
  try {
    return secretBox.encrypt(secretBox.decryptBytes(stored, tie), tie);
  } catch (err) {
    if (!(err instanceof UnknownSecretKeyError || err instanceof DamagedSecretError)) throw err;
    log.warn(
      { table: column.table, column: column.column, key, reason: err.message },
      'a stored text cannot be decrypted',
    );
    return undefined;
  }
}

/**
 * Encrypts every stored text with the first key, in batches; the server may run meanwhile. What is done stays done, so
 * after an interruption another call goes on. Older keys can be dropped once `failed` is 0.
 */
export async function rotateEncryption(parts: Parts): Promise<RotationResult> {
  const { secretBox } = parts;
  const result: RotationResult = { rotated: 0, failed: 0 };
  for (const place of PLACES) {
    const isDue = ({ stored }: SealedText) => (place.isSealed?.(stored) ?? true) && secretBox.needsReencryption(stored);
    let after: string[] | undefined;
    for (;;) {
      const page = await listSealed(parts.db, place.column, after, BATCH);
      const due = page.filter(isDue);
      if (due.length > 0) {
        await inTransaction(parts.db, async (tx) => {
          for (const text of due) {
            const stored = reencrypt(parts, place, text);
            if (stored === undefined) result.failed += 1;
            // A text written meanwhile is the first key's already.
            else if (await replaceSealed(tx, place.column, text, stored)) result.rotated += 1;
          }
        });
      }
      if (page.length < BATCH) break;
      after = page.at(-1)?.key;
    }
  }
  return result;
}
