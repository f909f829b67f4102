// User secrets: only their user works with them, whatever roles others have; values are encrypted and never read back.
import { randomUUID } from 'node:crypto';
import type { CreateUserSecretRequest, UpdateUserSecretRequest } from '../codersdk/secrets.ts';
import { type ActorCtx, nowText } from '../ctx.ts';
import { badRequest, conflict, forbidden, invalid, notFound } from '../errors.ts';
import { can } from '../rbac/authorize.ts';
import { userOwned } from '../rbac/objects.ts';
import { isUnique } from '../store/errors.ts';
import { uniques } from '../store/schema.ts';
import {
  deleteSecret as deleteRow,
  findSealedValue,
  findSecret,
  insertSecret,
  listSecrets as listRows,
  type SecretRow,
  surveySecrets,
  updateSecret as updateRow,
} from '../store/secrets.ts';
import type { UserRow } from '../store/users.ts';
import { withAccount } from './actors.ts';
import { audit } from './audit.ts';
import { changeProblems, limitProblem, newSecretProblems } from './secret-rules.ts';

/** Ties an encrypted value to its row: moved to another one it does not decrypt. */
export const secretAad = (id: string) => `user_secrets:${id}`;

const auditedSecret = (secret: SecretRow, userId: string) => ({
  id: secret.id,
  user_id: userId,
  name: secret.name,
  description: secret.description,
  env_name: secret.envName,
  file_path: secret.filePath,
});

function authorize(ctx: ActorCtx, action: 'create' | 'read' | 'update' | 'delete', target: UserRow): void {
  if (!can(ctx.actor.subject, action, userOwned('user_secret', target.id))) throw forbidden();
}

/** The secrets of a user by name. @throws ApiError 403 for everybody but the user (golden: rbac-secrets) */
export async function listSecrets(ctx: ActorCtx, target: UserRow): Promise<SecretRow[]> {
  authorize(ctx, 'read', target);
  return listRows(ctx.db, target.id);
}

/** One secret by its exact name. @throws ApiError 403 for everybody but the user, 404 when there is none */
export async function getSecret(ctx: ActorCtx, target: UserRow, name: string): Promise<SecretRow> {
  authorize(ctx, 'read', target);
  const secret = await findSecret(ctx.db, target.id, name);
  if (!secret) throw notFound();
  return secret;
}

const taken = (field: string, what: string) => {
  const detail = `${what} already in use`;
  return conflict('Validation failed.', { validations: [{ field, detail }] });
};

/**
 * Checks limits, then the three unique names. Needs the user's row locked, which makes the answer final.
 * @param existing the row that is about to change, undefined for a new secret
 * @throws ApiError 400 over a limit, 409 for a taken name, variable or path (golden: rbac-secrets-limits)
 */
async function checkRoom(
  ctx: ActorCtx,
  userId: string,
  wanted: { name: string; envName: string; filePath: string; valueBytes: number },
  existing?: SecretRow,
): Promise<void> {
  const others = await surveySecrets(ctx.db, userId, wanted, existing?.id ?? null);
  const problem = limitProblem({
    count: others.count + 1,
    bytes: others.bytes + wanted.valueBytes,
    envBytes: others.envBytes + (wanted.envName === '' ? 0 : wanted.valueBytes),
  });
  if (problem) throw badRequest(problem.message, { detail: problem.detail });
  if (others.nameTaken) throw taken('name', 'name');
  if (others.envNameTaken) throw taken('env_name', 'environment variable');
  if (others.filePathTaken) throw taken('file_path', 'file path');
}

/** Two paths of one hash count as one: they are made on purpose, and only ever stand in their maker's own way. */
async function withFreePath<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (err) {
    if (isUnique(err, uniques.secretFilePath)) throw taken('file_path', 'file path');
    throw err;
  }
}

/**
 * Stores a new secret.
 * @throws ApiError 400 for bad fields or a reached limit, 403 for everybody but the user, 409 for a taken name,
 * variable or path, in this order (golden: rbac-secrets, rbac-secrets-validation)
 */
export async function createSecret(ctx: ActorCtx, target: UserRow, input: CreateUserSecretRequest): Promise<SecretRow> {
  const problems = newSecretProblems(input);
  if (problems.length > 0) throw invalid(...problems);
  authorize(ctx, 'create', target);
  const id = randomUUID();
  const { name, description, env_name: envName, file_path: filePath } = input;
  const valueBytes = Buffer.byteLength(input.value);
  const value = ctx.secretBox.encrypt(input.value, secretAad(id));
  return withAccount(ctx, target, async (ctx) => {
    authorize(ctx, 'create', target);
    await checkRoom(ctx, target.id, { name, envName, filePath, valueBytes });
    const now = nowText(ctx);
    const row = { id, userId: target.id, name, description, value, valueBytes, envName, filePath };
    const secret = await withFreePath(insertSecret(ctx.db, { ...row, createdAt: now, updatedAt: now }));
    await audit(ctx, {
      action: 'create',
      resourceType: 'user_secret',
      resourceId: id,
      resourceTarget: name,
      after: auditedSecret(secret, target.id),
      secretFields: ['value'],
      status: 201,
    });
    return secret;
  });
}

/**
 * Changes the fields that are sent; "" empties one.
 * @throws ApiError 400 for no or bad fields or a reached limit, 403 for everybody but the user, 404 when there is no
 * such secret, 409 for a taken variable or path (golden: rbac-secrets)
 */
export async function updateSecret(
  ctx: ActorCtx,
  target: UserRow,
  name: string,
  input: UpdateUserSecretRequest,
): Promise<SecretRow> {
  if (Object.values(input).every((field) => field === undefined))
    throw badRequest('At least one field must be provided.');
  const problems = changeProblems(input);
  if (problems.length > 0) throw invalid(...problems);
  authorize(ctx, 'read', target);
  authorize(ctx, 'update', target);
  return withAccount(ctx, target, async (ctx) => {
    authorize(ctx, 'read', target);
    authorize(ctx, 'update', target);
    const before = await findSecret(ctx.db, target.id, name);
    if (!before) throw notFound();
    const wanted = {
      description: input.description ?? before.description,
      envName: input.env_name ?? before.envName,
      filePath: input.file_path ?? before.filePath,
      valueBytes: input.value === undefined ? before.valueBytes : Buffer.byteLength(input.value),
    };
    await checkRoom(ctx, target.id, { name, ...wanted }, before);
    const hasNewValue = await changesValue(ctx, before, input.value);
    const after = await withFreePath(
      updateRow(ctx.db, before.id, {
        ...wanted,
        ...(input.value !== undefined && { value: ctx.secretBox.encrypt(input.value, secretAad(before.id)) }),
        updatedAt: nowText(ctx),
      }),
    );
    if (!after) throw notFound();
    await audit(ctx, {
      action: 'write',
      resourceType: 'user_secret',
      resourceId: after.id,
      resourceTarget: name,
      before: auditedSecret(before, target.id),
      after: auditedSecret(after, target.id),
      secretFields: hasNewValue ? ['value'] : [],
    });
    return after;
  });
}

/** Whether a value is another one than is stored, for the audit log; one that cannot be read any more is. */
async function changesValue(ctx: ActorCtx, { id, valueBytes }: SecretRow, value: string | undefined): Promise<boolean> {
  if (value === undefined) return false;
  if (Buffer.byteLength(value) !== valueBytes) return true;
  try {
    return ctx.secretBox.decrypt((await findSealedValue(ctx.db, id)) ?? '', secretAad(id)) !== value;
  } catch (err) {
    ctx.log.warn({ err, secret: id }, 'the value of a secret cannot be read');
    return true;
  }
}

/** Deletes a secret. @throws ApiError 403 for everybody but the user, 404 when there is none (golden: rbac-secrets) */
export async function deleteSecret(ctx: ActorCtx, target: UserRow, name: string): Promise<void> {
  authorize(ctx, 'delete', target);
  await withAccount(ctx, target, async (ctx) => {
    authorize(ctx, 'delete', target);
    const secret = await deleteRow(ctx.db, target.id, name);
    if (!secret) throw notFound();
    await audit(ctx, {
      action: 'delete',
      resourceType: 'user_secret',
      resourceId: secret.id,
      resourceTarget: name,
      before: auditedSecret(secret, target.id),
      secretFields: ['value'],
      status: 204,
    });
  });
}
