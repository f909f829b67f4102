// The texts of the mails that the server sends.

import { html } from '../html.ts';
import { markdown } from '../pages/markdown.ts';
import type { MailMessage } from './mailer.ts';

interface Template {
  to: string;
  subject: string;
  paragraphs: string[];
  action?: { label: string; url: string };
}

function render({ to, subject, paragraphs, action }: Template): MailMessage {
  const [first = '', ...rest] = paragraphs;
  const textAction = action === undefined ? [] : [`${action.label}: ${action.url}`];
  const shown = (texts: string[]) => texts.map((text) => html`<p>${text}</p>`).join('\n');
  const shownAction = action && html`<p><a href="${action.url}">${action.label}</a></p>`;
  return {
    to,
    subject,
    text: `${[first, ...textAction, ...rest].join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><body>\n${[shown([first]), ...(shownAction ? [shownAction] : []), shown(rest)].join('\n')}\n</body></html>\n`,
  };
}

/**
 * The mail with the link that sets a new password.
 * `passcode` is the one-time passcode, `name` how the user is addressed; source: operation request-one-time-passcode.
 */
export function resetPasswordMail(input: {
  accessUrl: string;
  to: string;
  name: string;
  passcode: string;
}): MailMessage {
  const query = `otp=${encodeURIComponent(input.passcode)}&email=${encodeURIComponent(input.to)}`;
  return render({
    to: input.to,
    subject: 'Reset your password for Coder',
    paragraphs: [
      `Hi ${input.name}, somebody, hopefully you, asked for a new password. The link works once and for 20 minutes.`,
      'If it was not you, ignore this mail: your password stays as it is.',
    ],
    action: { label: 'Reset password', url: `${input.accessUrl}/reset-password/change?${query}` },
  });
}

/**
 * The mail with the link that makes an address (`to`) that of an account. It says whose account it is: somebody else may
 * have typed the address.
 */
export function confirmEmailMail(input: {
  accessUrl: string;
  to: string;
  username: string;
  token: string;
}): MailMessage {
  return render({
    to: input.to,
    subject: 'Confirm your new e-mail address for Coder',
    paragraphs: [
      `The account ${input.username} at ${input.accessUrl} is to have this address. The link works once and for an hour.`,
      'If this is not your account, ignore this mail: nothing changes then.',
    ],
    action: { label: 'Confirm the address', url: `${input.accessUrl}/confirm-email?token=${input.token}` },
  });
}

/** Tells the old address of an account (`to`) that it has another one now. */
export function emailChangedMail(input: {
  accessUrl: string;
  to: string;
  name: string;
  newEmail: string;
}): MailMessage {
  return render({
    to: input.to,
    subject: 'The e-mail address of your Coder account has changed',
    paragraphs: [
      `Hi ${input.name}, the address of your account at ${input.accessUrl} is now ${input.newEmail} instead of ${input.to}.`,
      'If you did not expect this, contact your administrator.',
    ],
  });
}

/** A notification (`content` is Markdown, `plain` the same without marks) with its links. */
export function notificationMail(input: {
  to: string;
  name: string;
  title: string;
  content: string;
  plain: string;
  actions: readonly { label: string; url: string }[];
  accessUrl: string;
}): MailMessage {
  const links = input.actions.map(({ label, url }) => `${label}: ${url}`);
  const why = `This was sent by ${input.accessUrl}, where you have an account.`;
  const greeting = `Hi ${input.name},`;
  const shownLinks = input.actions.map(({ label, url }) => html`<p><a href="${url}">${label}</a></p>`).join('\n');
  return {
    to: input.to,
    subject: input.title.replaceAll(/\s+/g, ' '),
    text: `${[greeting, input.plain, ...links, why].join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><body>\n${html`<p>${greeting}</p>`}\n${markdown(input.content)}\n${shownLinks}\n${html`<p>${why}</p>`}\n</body></html>\n`,
  };
}
