// Pages with a heading, a sentence and a way on: unknown addresses, and the key for the command line.

import { type Html, html } from '../html.ts';
import { csrfField } from './forms.ts';
import { layout, type Theme } from './layout.ts';

/** What is shown for any address that is no page here. */
export function notFoundPage(): Html {
  return layout({
    title: 'Not found',
    body: html`<div class="card"><h1>Not found here</h1>
<p>There is no page at this address.</p>
<p><a href="/">Go to the start page</a></p></div>`,
  });
}

interface CliView {
  username: string;
  csrf: string;
  theme: Theme;
  /** The key that was just made; nothing else ever shows it again. */
  key?: string;
}

/** Gives `coder login` its key: first a button, then the key itself. */
export function cliAuthPage({ username, csrf, theme, key }: CliView): Html {
  const ask = html`<p>The command <code>coder login</code> asks for a key that acts as you. Make one only if you have just started that command yourself.</p>
<form method="post" action="/cli-auth">${csrfField(csrf)}<button>Make a key</button></form>`;
  const show = html`<p>Paste this key where <code>coder login</code> asks for it. It is shown only once.</p>
<div class="key">
<label class="hidden" for="key">Key</label>
<input id="key" readonly autofocus autocomplete="off" spellcheck="false" value="${key}">
<button type="button" class="plain" data-copy="key" aria-describedby="copied" hidden>Copy</button>
</div>
<p class="muted" id="copied" role="status"></p>
<p class="below"><a href="/">Go to your account</a></p>`;
  return layout({
    title: 'Command line access',
    csrf,
    theme,
    signedInAs: username,
    script: '/assets/copy.js',
    body: html`<div class="card"><h1>Command line access</h1>${key === undefined ? ask : show}</div>`,
  });
}
