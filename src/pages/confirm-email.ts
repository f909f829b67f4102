// Confirms a new e-mail address by the link in a mail: a button, since programs that look into mails open links, too.

import { type Html, html } from '../html.ts';
import { csrfField, hiddenField, problem } from './forms.ts';
import { layout } from './layout.ts';

/** Asks for the click that confirms. `token` came with the link; `message` says why it was refused. */
export function confirmEmailPage({ csrf, token, message }: { csrf: string; token: string; message?: string }): Html {
  return layout({
    title: 'Confirm your e-mail address',
    csrf,
    body: html`<div class="card"><h1>Confirm your e-mail address</h1>
<p>From then on you sign in with the new address.</p>
${problem(message)}
<form method="post" action="/confirm-email">
${csrfField(csrf)}${hiddenField('token', token)}
<button>Confirm the address</button>
</form>
<p class="below"><a href="/login">Go to signing in</a></p></div>`,
  });
}
