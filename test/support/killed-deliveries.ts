// Messages to a webhook and an inbox while the server is killed in the middle: what the short and the long test share.
import { onTestFinished } from 'vitest';
import { call, OWNER, signIn } from './load.ts';
import { dataFolder, startServer, until } from './server.ts';
import { startWebhook } from './webhook.ts';

/**
 * Sends messages, kills the server after half of them arrived, and starts another one.
 * @returns how often each message arrived at the webhook and lies in the inbox, by title
 */
export async function killAmidDeliveries(
  count: number,
): Promise<{ sent: string[]; posted: Map<string, number>; inbox: Map<string, number> }> {
  const webhook = await startWebhook();
  onTestFinished(async () => void (await webhook.close()));
  const env = {
    CODER_USERS_DATA_DIR: dataFolder(),
    CODER_DANGEROUS_DISABLE_RATE_LIMITS: 'true',
    CODER_NOTIFICATIONS_METHOD: 'webhook',
    CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT: webhook.url,
    CODER_NOTIFICATIONS_FETCH_INTERVAL: '100ms',
    CODER_NOTIFICATIONS_LEASE_PERIOD: '2s',
    CODER_NOTIFICATIONS_DISPATCH_TIMEOUT: '1s',
  };
  const first = await startServer(env);
  await call(first.url, 'POST', '/api/v2/users/first', { body: OWNER });
  const token = await signIn(first.url);
  const sent: string[] = [];
  const say = async (url: string, title: string) => {
    const body = { content: { title, message: 'text' } };
    const { status } = await call(url, 'POST', '/api/v2/notifications/custom', { token, body });
    if (status === 204) sent.push(title);
  };
  const pause = (notifier_paused: boolean) =>
    call(first.url, 'PUT', '/api/v2/notifications/settings', { token, body: { notifier_paused } });
  // All are there before any is delivered, so that the kill meets deliveries under way.
  await pause(true);
  for (let i = 0; i < count; i += 10)
    await Promise.all(Array.from({ length: Math.min(10, count - i) }, (_, j) => say(first.url, `Message ${i + j}`)));
  await pause(false);
  await until(() => webhook.received.length >= count / 3, 'a third is delivered', 60_000);
  await first.stop('SIGKILL');
  const second = await startServer(env);
  const posted = () => {
    const times = new Map<string, number>();
    for (const { body } of webhook.received) times.set(body.title, (times.get(body.title) ?? 0) + 1);
    return times;
  };
  await until(() => posted().size >= count, 'everything is delivered', 120_000);
  const inbox = new Map<string, number>();
  await until(async () => {
    inbox.clear();
    for (let before = ''; ; ) {
      const { body } = await call(second.url, 'GET', `/api/v2/notifications/inbox${before}`, { token });
      const page = body.notifications as { id: string; title: string }[];
      for (const { title } of page) inbox.set(title, (inbox.get(title) ?? 0) + 1);
      if (page.length < 25) break;
      before = `?starting_before=${page.at(-1)?.id}`;
    }
    return inbox.size >= count;
  }, 'everything is in the inbox');
  await second.stop();
  return { sent, posted: posted(), inbox };
}
