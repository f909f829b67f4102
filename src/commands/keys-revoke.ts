// coder-users keys revoke: takes keys away directly in the database.
import { parseDuration } from '../golang/durations.ts';
import type { KeyKind } from '../services/keys.ts';
import { countKeysToRevoke, type Revocation, revokeKeys } from '../services/revoke-keys.ts';
import { StartError } from '../start-error.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { POSTGRES_URL_OPTION } from './database.ts';
import { asOperator } from './operator.ts';
import { startProgress } from './progress.ts';
import { say } from './say.ts';

const KINDS: readonly KeyKind[] = ['session', 'key', 'token'];

/** @throws UsageError for options that do not say whose keys, or say it twice */
function readRevocation({ flags, switches }: Pick<CommandInput, 'flags' | 'switches'>): Revocation {
  const { user, id, kind: kindText, 'older-than': age } = flags;
  if ([user, id, switches.has('all') || undefined].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('One of --user, --id and --all must say whose keys');
  const kind = KINDS.find((one) => one === kindText);
  if (kindText !== undefined && kind === undefined) throw new UsageError(`--kind is one of ${KINDS.join(', ')}`);
  const olderThanNs = age === undefined ? undefined : parseDuration(age);
  if (age !== undefined && (olderThanNs === undefined || olderThanNs < 0n))
    throw new UsageError('--older-than is no duration such as 30d, 36h or 1h30m');
  // A whole key may be what somebody has at hand: its first part is the id.
  return { username: user, keyId: id?.replace(/^(\w{10})-\w{22}$/, '$1'), kind, olderThanNs };
}

const words = (keys: number) => `${keys} ${keys === 1 ? 'key' : 'keys'}`;

export const keysRevokeCommand: Command = {
  summary: 'Take sessions, keys and tokens away, at once and for good.',
  options: {
    user: { value: 'NAME', help: "this user's" },
    id: { value: 'ID', help: 'the one with this id (the part of a key before the hyphen; the whole key will do)' },
    all: { help: "everybody's; needs --yes" },
    kind: { value: 'KIND', help: 'only those of this kind: session, key or token' },
    'older-than': { value: 'DURATION', help: 'only those that were made longer ago, such as 90d or 12h' },
    yes: { help: "take everybody's keys away without a question" },
    'postgres-url': POSTGRES_URL_OPTION,
  },
  examples: [
    'keys revoke --user ada',
    'keys revoke --id V3sbq1PZ3f',
    'keys revoke --all --kind token --older-than 90d --yes',
  ],
  notes: 'Works while servers are running, and without encryption keys. The audit log says whose keys went.',
  async run({ env, flags, switches }) {
    const which = readRevocation({ flags, switches });
    const progress = startProgress();
    const revoked = await asOperator(env, flags['postgres-url'], { keys: 'none' }, async (ctx) => {
      if (switches.has('all') && !switches.has('yes')) {
        const { keys, users } = await countKeysToRevoke(ctx, which);
        throw new StartError(`${words(keys)} of ${users} users would be revoked, and none was. Add --yes to do so.`);
      }
      return revokeKeys(ctx, which, (keys) => progress.show(() => `revoked: ${words(keys)}`));
    }).finally(() => progress.end());
    if (revoked === 0 && flags.id !== undefined) throw new StartError('There is no key with this id.');
    say(`${words(revoked)} ${revoked === 1 ? 'was' : 'were'} revoked.`);
  },
};
