// Every recorded scenario against a real listener: an empty database and a server of its own for each.
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startApp } from '../support/app.ts';
import { readScenario, replay, type Send, type Sent, scenarioNames } from '../support/golden.ts';
import { freePort } from '../support/ports.ts';

/**
 * Steps that this product answers better on purpose (docs/decisions/0012) without the recording saying so: each follows
 * from a rule, or shows what an earlier step would have changed that is refused here.
 */
const BETTER: Record<string, string[]> = {
  // A name that the API's own paths hide is refused when renaming, too.
  // A user administrator does not rename an owner.
  'users-profile': ['to-reserved-word-me', 'user-admin-edits-owner'],
  // ... nor takes one out of an organization, so that the owner is still there afterwards.
  'rbac-matrix-companion-user-admin': ['remove-member-owner'],
  'rbac-members': ['user-admin-removes-owner', 'owner-outside-still-lists', 'owner-adds-self-back'],
  // A key whose allow list lacks a user makes no key that reaches that user; one that cannot read its own user deletes nobody.
  // A key with an allow list hands out no roles and reads nobody else's keys.
  'keys-allow-list-force': [
    ...['keys-create-broader', 'keys-broader', 'other-delete-happened', 'users-users'],
    ...['users-roles-put', 'keys-all-without-names'],
  ],
  // A key with scopes reads nobody else's keys.
  'keys-scope-apikey': ['owner-get-bob'],
  // A lifetime below one second is shown as one second, not as a day.
  'keys-create': ['lifetime-1ns-get'],
  'keys-list': ['own-expired', 'own-expired-1', 'owner-all-via-alice', 'after-expire-all'],
  // The old scope names work in `scopes`, so two more tokens are listed.
  'keys-scope-input': ['list'],
  // Roles of a deleted user cannot be changed, so the old ones still show.
  'rbac-deleted-user': ['old-id-still-old'],
};

const sender =
  (port: number): Send =>
  ({ method, path, body, headers }) =>
    new Promise<Sent>((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () =>
            resolve({
              statusCode: answer.statusCode ?? 0,
              headers: answer.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });

describe('a client cannot tell this server from the recorded one', () => {
  it.each(scenarioNames())('%s', { timeout: 120_000 }, async (name) => {
    const scenario = readScenario(name);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const t = await startApp({ empty: true, env: { CODER_ACCESS_URL: url, ...scenario.env } });
    await t.app.listen({ host: '127.0.0.1', port });
    const send = sender(port);
    const watched: Send = (request) => t.watch(`${request.method} ${request.path}`, () => send(request));
    const { compared, failures } = await replay(scenario, url, watched, BETTER[name]);
    await t.close();
    expect(compared).toBeGreaterThan(0);
    expect(failures).toEqual([]);
  });
});
