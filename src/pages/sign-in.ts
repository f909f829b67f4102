// The ways in: first account, signing in, and the code of GitHub's device flow.
import type { AuthMethods } from '../codersdk/auth.ts';
import { type Html, html } from '../html.ts';
import { csrfField, type FormState, field, hiddenField, information, problem } from './forms.ts';
import { layout } from './layout.ts';

const CALLBACKS = { oidc: '/api/v2/users/oidc/callback', github: '/api/v2/users/oauth2/github/callback' };

/** Origins that can stand in a policy as they are: names of hosts may hold characters that end a directive. */
const WEB_ORIGIN = /^https?:\/\/[\w.:[\]-]+$/;

/** The address of an icon that a page may show: a path of this site, a web address, or a picture in the text itself. */
export function usableIcon(iconUrl: string): { src: string; origin?: string } | undefined {
  if (iconUrl.startsWith('data:image/')) return { src: iconUrl };
  if (/^\/(?![/\\])/.test(iconUrl)) return { src: iconUrl };
  const url = URL.parse(iconUrl);
  return url && WEB_ORIGIN.test(url.origin) ? { src: url.href, origin: url.origin } : undefined;
}

/** Links that start a login at an identity provider and come back to `redirect`; nothing when none is on. */
function providerLinks(methods: AuthMethods, redirect: string): Html | undefined {
  const query = `?redirect=${encodeURIComponent(redirect)}`;
  const links: Html[] = [];
  if (methods.oidc.enabled) {
    const icon = usableIcon(methods.oidc.iconUrl);
    links.push(
      html`<a class="button plain" href="${CALLBACKS.oidc}${query}">${icon && html`<img src="${icon.src}" alt="">`}${methods.oidc.signInText}</a>`,
    );
  }
  if (methods.github.enabled) links.push(html`<a class="button plain" href="${CALLBACKS.github}${query}">GitHub</a>`);
  return links.length > 0 ? html`<div class="ways">${links}</div>` : undefined;
}

interface SignInView {
  methods: AuthMethods;
  /** Where to go afterwards: a path of this site. */
  redirect: string;
  csrf: string;
  /** Why one has to sign in. */
  lead?: string | undefined;
  /** A message that came with the address. */
  notice?: string | undefined;
  state?: FormState;
}

/** The sign-in page. */
export function signInPage({ methods, redirect, csrf, lead, notice, state = {} }: SignInView): Html {
  const ways = providerLinks(methods, redirect);
  const passwordForm = html`<form method="post" action="/login">
<div class="fields">
${csrfField(csrf)}${hiddenField('redirect', redirect)}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', autofocus: !state.values?.email }, state)}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', autofocus: Boolean(state.values?.email) }, state)}
<button>Sign in</button>
</div>
</form>
<p class="below"><a href="/reset-password">Forgot your password?</a></p>`;
  const terms = methods.terms_of_service_url;
  return layout({
    title: 'Sign in',
    csrf,
    body: (look) => html`<div class="card">
<h1>Sign in to ${look.name}</h1>
${lead !== undefined && html`<p class="muted">${lead}</p>`}
${information(notice)}${problem(state.message)}
${methods.password.enabled && passwordForm}
${methods.password.enabled && ways && html`<div class="or">or continue with</div>`}
${methods.password.enabled ? ways : ways && html`<div class="below">${ways}</div>`}
${!methods.password.enabled && !ways && html`<p class="below">No way to sign in is switched on. Ask your administrator.</p>`}
${terms && html`<p class="below muted">By signing in you accept the <a href="${terms}">terms of service</a>.</p>`}
</div>`,
  });
}

interface SetupView {
  methods: AuthMethods;
  csrf: string;
  state?: FormState;
}

export const SETUP_FIELDS = ['email', 'username', 'name', 'password'] as const;

/** The page that makes the first account. */
export function setupPage({ methods, csrf, state = {} }: SetupView): Html {
  const ways = providerLinks(methods, '/');
  return layout({
    title: 'Set up',
    csrf,
    body: html`<div class="card">
<h1>Welcome</h1>
<p class="muted">Create the first account of this server. It becomes the owner, who may do everything.</p>
${problem(state.message)}
<form method="post" action="/setup">
<div class="fields">
${csrfField(csrf)}
${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', autofocus: true }, state)}
${field({ name: 'username', label: 'Username', autocomplete: 'off', hint: 'Letters and digits, with single hyphens between them.' }, state)}
${field({ name: 'name', label: 'Full name (optional)', autocomplete: 'name', required: false }, state)}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'Long enough to be hard to guess, at most 64 characters.' }, state)}
<button>Create account</button>
</div>
</form>
${ways && html`<div class="or">or become the owner with</div>${ways}`}
</div>`,
  });
}

/** The page of GitHub's device flow; its script gets the code, shows it, and waits for the user's consent. */
export function devicePage(csrf: string): Html {
  return layout({
    title: 'Sign in with GitHub',
    csrf,
    script: '/assets/device.js',
    body: html`<div class="card" id="device">
<h1>Sign in with GitHub</h1>
<noscript><p>This page needs JavaScript. Switch it on, or sign in another way.</p></noscript>
<div data-step="confirm" hidden>
<p>Enter this code at GitHub:</p>
<p class="code" id="device-code"></p>
<p><a class="button" id="device-link" href="https://github.com/login/device" target="_blank" rel="noopener noreferrer">Open GitHub</a></p>
</div>
<p class="muted" id="device-status" role="status">Getting a code…</p>
<p class="notice bad" id="device-problem" role="alert" hidden></p>
<p class="below" id="device-again" hidden><a href="/login">Back to signing in</a></p>
</div>`,
  });
}
