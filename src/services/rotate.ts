// Changing the encryption key: whatever another key encrypted is encrypted with the first one.
import type { Ctx } from '../ctx.ts';
import { inTransaction } from '../store/db.ts';
import { replaceSealed, type SealedText } from '../store/sealed.ts';
import { openText, type SealedPlace, sealedPages } from './sealed-texts.ts';

export interface RotationResult {
  /** Texts that the first key encrypts now and did not before. */
  rotated: number;
  /** Texts that no configured key decrypts; each is named in the log. */
  failed: number;
}

type Parts = Pick<Ctx, 'db' | 'secretBox' | 'log'>;

/** The text encrypted with the first key; undefined, with a line in the log, when no key decrypts it. */
function reencrypt(parts: Parts, place: SealedPlace, text: SealedText): string | undefined {
  const opened = openText(parts, place, text);
  if ('plain' in opened) return parts.secretBox.encrypt(opened.plain, place.aad?.(text.key));
  const { table, column } = place.column;
  parts.log.warn({ table, column, key: text.key, reason: opened.reason }, 'a stored text cannot be decrypted');
  return undefined;
}

/**
 * Encrypts every stored text with the first key, in batches; the server may run meanwhile. What is done stays done, so
 * after an interruption another call goes on. Older keys can be dropped once `failed` is 0.
 * @param onProgress is told how many texts were looked at
 */
export async function rotateEncryption(
  parts: Parts,
  onProgress: (texts: number) => void = () => undefined,
): Promise<RotationResult> {
  const result: RotationResult = { rotated: 0, failed: 0 };
  let seen = 0;
  for await (const { place, texts } of sealedPages(parts.db)) {
    const due = texts.filter(({ stored }) => parts.secretBox.needsReencryption(stored));
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
    seen += texts.length;
    onProgress(seen);
  }
  return result;
}
