import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import { createMailer, type Mailer } from '../../src/mail/mailer.ts';
import { type SmtpRelay, startSmtp } from '../support/smtp.ts';

const FAST = { waiting: 10, retryDelaysMs: [5, 10, 20] };
const SLOW = { waiting: 10, retryDelaysMs: [60_000] };
const MAIL = { to: 'kim@example.com', subject: 'Reset your password', text: 'link: https://c.test/?otp=1\n' };

const open: { close(waitMs: number): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((item) => item.close(0)));
});

function emailConfig(port: number, more: Record<string, string> = {}): Config['email'] {
  const base = { CODER_EMAIL_SMARTHOST: `127.0.0.1:${port}`, CODER_EMAIL_FROM: 'Coder <coder@example.com>' };
  return readConfig({ ...base, ...more }).email;
}

function logbook() {
  const lines: { level: string; message: string; details: object }[] = [];
  const at = (level: string) => (details: object, message: string) => {
    lines.push({ level, message, details });
  };
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } };
}

async function relay(answer?: (line: string) => string | undefined): Promise<SmtpRelay> {
  const smtp = await startSmtp(answer === undefined ? {} : { answer });
  open.push(smtp);
  return smtp;
}

function mailerTo(port: number, limits = FAST, more: Record<string, string> = {}) {
  const { lines, log } = logbook();
  const mailer: Mailer = createMailer(emailConfig(port, more), log, limits);
  open.push(mailer);
  return { mailer, lines };
}

describe('delivery', () => {
  it('hands text and HTML to the relay', async () => {
    const smtp = await relay();
    const { mailer } = mailerTo(smtp.port);
    mailer.enqueue({ ...MAIL, html: '<p>Grüße</p>' });
    await mailer.close(5_000);
    expect(smtp.mails).toHaveLength(1);
    expect(smtp.mails[0]).toMatchObject({ from: 'coder@example.com', to: ['kim@example.com'] });
    expect(smtp.mails[0]?.raw).toMatch(/^From: Coder <coder@example.com>\r$/m);
    expect(smtp.mails[0]?.raw).toMatch(/^Subject: Reset your password\r$/m);
    expect(smtp.mails[0]?.decoded).toContain('link: https://c.test/?otp=1');
    expect(smtp.mails[0]?.decoded).toContain('<p>Grüße</p>');
  });

  it('logs in with the configured account', async () => {
    const smtp = await relay();
    const account = { CODER_EMAIL_AUTH_USERNAME: 'app', CODER_EMAIL_AUTH_PASSWORD: 'pass' };
    const { mailer } = mailerTo(smtp.port, FAST, account);
    mailer.enqueue(MAIL);
    await mailer.close(5_000);
    expect(smtp.credentials).toEqual(['\0app\0pass']);
    expect(smtp.mails).toHaveLength(1);
  });

  it('an address with a comma stays one recipient', async () => {
    const smtp = await relay();
    const { mailer } = mailerTo(smtp.port);
    mailer.enqueue({ ...MAIL, to: '"a,eve@evil.test"@example.com' });
    await mailer.close(5_000);
    expect(smtp.mails.flatMap((mail) => mail.to)).toEqual(['"a,eve@evil.test"@example.com']);
  });

  it('does not talk in clear text where STARTTLS is demanded', async () => {
    const smtp = await relay();
    const { mailer, lines } = mailerTo(smtp.port, FAST, { CODER_EMAIL_TLS_STARTTLS: 'true' });
    mailer.enqueue(MAIL);
    await mailer.close(5_000);
    expect(smtp.mails).toEqual([]);
    expect(lines.at(-1)?.message).toBe('mail given up');
  });
});

describe('failures', () => {
  it('a relay that is busy for a moment gets the mail later', async () => {
    let refusals = 2;
    const smtp = await relay((line) => (line.startsWith('MAIL') && refusals-- > 0 ? '451 later' : undefined));
    const { mailer, lines } = mailerTo(smtp.port);
    mailer.enqueue(MAIL);
    await vi.waitFor(() => expect(lines.map((line) => line.level)).toEqual(['warn', 'warn', 'info']), 5_000);
    expect(smtp.mails).toHaveLength(1);
  });

  it('a final refusal is not repeated', async () => {
    const smtp = await relay((line) => (line.startsWith('RCPT') ? '550 unknown' : undefined));
    const { mailer, lines } = mailerTo(smtp.port);
    mailer.enqueue(MAIL);
    await vi.waitFor(() => expect(lines.map((line) => line.level)).toEqual(['error']), 5_000);
    expect(smtp.connections()).toBe(1);
  });

  it('a dead relay neither throws nor blocks, and the mail is given up after the last attempt', async () => {
    const smtp = await startSmtp();
    await smtp.close();
    const { mailer, lines } = mailerTo(smtp.port);
    expect(() => mailer.enqueue(MAIL)).not.toThrow();
    await vi.waitFor(() => expect(lines.at(-1)?.message).toBe('mail given up'), 5_000);
    expect(lines.map((line) => line.level)).toEqual(['warn', 'warn', 'warn', 'error']);
  });

  it('neither address nor text of a message reach the log', async () => {
    const smtp = await relay((line) => (line.startsWith('RCPT') ? `550 no ${line}` : undefined));
    const { mailer, lines } = mailerTo(smtp.port);
    mailer.enqueue(MAIL);
    await vi.waitFor(() => expect(lines).toHaveLength(1), 5_000);
    expect(JSON.stringify(lines)).not.toMatch(/kim@|otp/);
  });

  it('what does not fit into the queue is dropped with a log line', async () => {
    const smtp = await relay((line) => (line.startsWith('MAIL') ? '451 later' : undefined));
    const { mailer, lines } = mailerTo(smtp.port, { ...SLOW, waiting: 1 });
    // Two are on their way at once, one waits.
    for (let i = 0; i < 5; i += 1) mailer.enqueue(MAIL);
    expect(lines.filter((line) => line.message === 'mail dropped, the queue is full')).toHaveLength(2);
  });
});

describe('stopping', () => {
  it('mail that waits for another attempt gets one at once', async () => {
    let refusals = 1;
    const smtp = await relay((line) => (line.startsWith('MAIL') && refusals-- > 0 ? '451 later' : undefined));
    const { mailer, lines } = mailerTo(smtp.port, SLOW);
    mailer.enqueue(MAIL);
    await vi.waitFor(() => expect(lines.map((line) => line.level)).toEqual(['warn']), 5_000);
    await mailer.close(5_000);
    expect(smtp.mails).toHaveLength(1);
    mailer.enqueue(MAIL);
    expect(lines.at(-1)?.message).toBe('mail dropped while stopping');
  });

  it('a relay that hangs does not hold the stop up for longer than allowed', async () => {
    const smtp = await relay((line) => (line.startsWith('EHLO') ? '' : undefined));
    const { mailer, lines } = mailerTo(smtp.port);
    mailer.enqueue(MAIL);
    await vi.waitFor(() => expect(smtp.connections()).toBe(1), 5_000);
    await mailer.close(20);
    expect(lines.at(-1)).toMatchObject({ message: 'stopping with undelivered mail', details: { unsent: 1 } });
  });
});

it('without a relay everything is dropped silently', async () => {
  const { lines, log } = logbook();
  const mailer = createMailer(null, log);
  mailer.enqueue(MAIL);
  await mailer.close(0);
  expect(mailer.enabled).toBe(false);
  expect(lines).toEqual([]);
});
