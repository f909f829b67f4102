// A forgotten password: asking for the mail, and setting a new one by the link in it.

import { type Html, html } from '../html.ts';
import { csrfField, type FormState, field, hiddenField, problem } from './forms.ts';
import { layout } from './layout.ts';

const TITLE = 'Reset your password';
const back = html`<p class="below"><a href="/login">Back to signing in</a></p>`;

/** Asks for the address to send the link to. `mails` is false on a server without outgoing mail. */
export function resetPasswordPage({
  csrf,
  mails,
  state = {},
}: {
  csrf: string;
  mails: boolean;
  state?: FormState;
}): Html {
  const form = html`<p class="muted">We send you a link that sets a new one.</p>
${problem(state.message)}
<form method="post" action="/reset-password">
<div class="fields">
${csrfField(csrf)}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', autofocus: true }, state)}
<button>Send the link</button>
</div>
</form>`;
  const none = html`<p>This server sends no mail. Ask your administrator for a new password.</p>`;
  return layout({
    title: TITLE,
    csrf,
    body: html`<div class="card"><h1>${TITLE}</h1>${mails ? form : none}${back}</div>`,
  });
}

/** Says the same whether or not the address is known. */
export function resetRequestedPage({ csrf, email }: { csrf: string; email: string }): Html {
  return layout({
    title: TITLE,
    csrf,
    body: html`<div class="card"><h1>Look into your mail</h1>
<p role="status">If <strong>${email}</strong> belongs to an account, a link is on its way. It works once and for 20 minutes.</p>
${back}</div>`,
  });
}

interface ChangeView {
  csrf: string;
  email: string;
  passcode: string;
  state?: FormState;
}

/** Asks for the new password; address and passcode came with the link. */
export function newPasswordPage({ csrf, email, passcode, state = {} }: ChangeView): Html {
  return layout({
    title: TITLE,
    csrf,
    body: html`<div class="card"><h1>Choose a new password</h1>
<p class="muted">You are signed out everywhere when it changes.</p>
${problem(state.message)}
<form method="post" action="/reset-password/change">
<div class="fields">
${csrfField(csrf)}${hiddenField('otp', passcode)}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', readonly: email !== '' }, { values: { email } })}
${field({ name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password', autofocus: true, hint: 'Long enough to be hard to guess, at most 64 characters.' }, state)}
${field({ name: 'repeated', label: 'New password again', type: 'password', autocomplete: 'new-password' }, state)}
<button>Change password</button>
</div>
</form>
${back}</div>`,
  });
}
