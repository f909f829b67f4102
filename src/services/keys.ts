// API keys: sessions, plain keys and named tokens.
import { instantText, SECOND } from '../clock.ts';
import { newKey } from '../crypto/tokens.ts';
import type { Ctx } from '../ctx.ts';
import { notFound } from '../errors.ts';
import { UNLIMITED } from '../rbac/scopes.ts';
import { insertKey } from '../store/keys.ts';

interface KeyRequest {
  userId: string;
  loginType: string;
  lifetimeNs: bigint;
  tokenName?: string;
  scopes?: readonly string[];
  allowList?: readonly string[];
}

/** Seconds of a lifetime as stored, anything shorter than one rounded up to it (better-than-reference 10). */
const lifetimeSeconds = (ns: bigint): number => Math.max(1, Number(ns / 1_000_000_000n));

/**
 * Makes and stores a key; without scopes it may do all that its user may.
 * @returns the key's text, which exists nowhere else, and its id
 * @throws ApiError 404 when the user was deleted meanwhile; a unique violation on a taken token name
 */
export async function issueKey(ctx: Ctx, request: KeyRequest): Promise<{ id: string; key: string }> {
  const { id, key, hashedSecret } = newKey();
  const now = ctx.clock();
  const seconds = lifetimeSeconds(request.lifetimeNs);
  const exact = request.lifetimeNs < 1_000_000_000n ? SECOND : Number(request.lifetimeNs / 1000n);
  const stored = await insertKey(ctx.db, {
    id,
    hashedSecret,
    userId: request.userId,
    createdAt: instantText(now),
    expiresAt: instantText(now + exact),
    loginType: request.loginType,
    lifetimeSeconds: seconds,
    tokenName: request.tokenName ?? '',
    scopes: [...(request.scopes ?? UNLIMITED.scopes)],
    allowList: [...(request.allowList ?? UNLIMITED.allowList)],
  });
  if (!stored) throw notFound();
  return { id, key };
}
