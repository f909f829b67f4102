// The start page of somebody who is signed in: who one is, what is signed in, and how the pages look.
import type { UserKey } from '../codersdk/keys.ts';
import { TERMINAL_FONTS, type UserAppearanceSettings } from '../codersdk/settings.ts';
import type { User } from '../codersdk/users.ts';
import { type Html, html } from '../html.ts';
import { csrfField, hiddenField, problem, success } from './forms.ts';
import { layout, type Theme } from './layout.ts';

interface AccountView {
  user: User;
  keys: readonly UserKey[];
  /** Undefined when the session may not read it. */
  appearance: UserAppearanceSettings | undefined;
  csrf: string;
  /** Whether the page with what an owner does next is for them. */
  runsServer: boolean;
  /** What was just done. */
  done?: string | undefined;
  message?: string | undefined;
}

/** The theme that a user's settings ask for. */
export function themeOf(settings: UserAppearanceSettings | undefined): Theme {
  if (!settings || settings.theme_mode === 'sync') return 'auto';
  if (settings.theme_preference.startsWith('dark')) return 'dark';
  return settings.theme_preference.startsWith('light') ? 'light' : 'auto';
}

const LOGIN_TYPES: Readonly<Record<string, string>> = {
  password: 'with a password',
  oidc: 'through OpenID Connect',
  github: 'through GitHub',
  token: 'with tokens only',
  none: 'with tokens only',
};

/** A time to the minute, in UTC. Times before this century stand for "not yet". */
function time(text: string): Html {
  if (text < '2000') return html`<span class="muted">Never</span>`;
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 16)}</time>`;
}

const profile = (user: User, runsServer: boolean) => html`<section class="card" aria-labelledby="profile">
<div class="head"><h1 id="profile">${user.name ?? user.username}</h1>${runsServer && html`<a href="/next-steps">Next steps</a>`}</div>
<dl>
<dt>Username</dt><dd>${user.username}</dd>
<dt>E-mail address</dt><dd>${user.email}</dd>
<dt>Signs in</dt><dd>${LOGIN_TYPES[user.login_type] ?? user.login_type}</dd>
<dt>Roles</dt><dd>${user.roles.map((role) => role.display_name || role.name).join(', ') || 'Member'}</dd>
<dt>Account made</dt><dd>${time(user.created_at)} UTC</dd>
</dl>
</section>`;

const KINDS = { session: 'Session', key: 'Key', token: 'Token' };

function keyRow(key: UserKey, csrf: string): Html {
  const name = key.token_name || KINDS[key.kind];
  const revoke = html`<form method="post" action="/account/keys/revoke">${csrfField(csrf)}${hiddenField('id', key.id)}
<button class="plain small" aria-label="Revoke ${name} ${key.id}">Revoke</button></form>`;
  return html`<tr>
<th scope="row">${name}${key.token_name && html`<span class="badge">token</span>`}${key.current && html`<span class="badge">this browser</span>`}</th>
<td><code>${key.id}</code></td>
<td>${time(key.created_at)}</td>
<td>${time(key.last_used)}</td>
<td>${time(key.expires_at)}</td>
<td>${!key.current && revoke}</td>
</tr>`;
}

const signedIn = (keys: readonly UserKey[], csrf: string) => html`<section class="card" aria-labelledby="keys">
<div class="head"><h2 id="keys">Sessions and tokens</h2>
${
  keys.some((key) => !key.current) &&
  html`<form method="post" action="/account/keys/revoke-others">${csrfField(csrf)}<button class="plain small">Sign out everywhere else</button></form>`
}</div>
${
  keys.length === 0
    ? html`<p class="muted">This session may not see them.</p>`
    : html`<div class="scroll" role="group" aria-labelledby="keys" tabindex="0"><table>
<thead><tr><th scope="col">What</th><th scope="col">ID</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span class="hidden">Revoke</span></th></tr></thead>
<tbody>${keys.map((key) => keyRow(key, csrf))}</tbody>
</table></div>
<p class="muted">Times are UTC. Signing out everywhere else ends tokens and keys of the command line, too.</p>`
}
</section>`;

const THEMES: [Theme, string][] = [
  ['auto', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

/** Variants of the colours, by the ending of the theme's name. */
const COLOURS: [string, string][] = [
  ['', 'Usual'],
  ['-protan-deuter', 'Protanopia and deuteranopia'],
  ['-tritan', 'Tritanopia'],
];

export const colourVariants: readonly string[] = COLOURS.map(([ending]) => ending);

const option = ([value, label]: readonly [string, string], chosen: string) =>
  html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>`;

function appearanceForm(settings: UserAppearanceSettings, csrf: string): Html {
  const slot = settings.theme_mode === 'sync' ? settings.theme_light : settings.theme_preference;
  const colours = COLOURS.findLast(([ending]) => slot.endsWith(ending))?.[0] ?? '';
  return html`<section class="card" aria-labelledby="appearance">
<h2 id="appearance">Appearance</h2>
<form method="post" action="/account/appearance">${csrfField(csrf)}
<div class="fields columns">
<p><label for="theme">Theme</label><select id="theme" name="theme">${THEMES.map((entry) => option(entry, themeOf(settings)))}</select></p>
<p><label for="colours">Colours</label><select id="colours" name="colours">${COLOURS.map((entry) => option(entry, colours))}</select></p>
<p><label for="font">Terminal font</label><select id="font" name="font">${TERMINAL_FONTS.map((font) => option([font, font], settings.terminal_font || TERMINAL_FONTS[0]))}</select></p>
<button>Save</button>
</div>
</form>
</section>`;
}

/** The account page. */
export function accountPage({ user, keys, appearance, csrf, runsServer, done, message }: AccountView): Html {
  return layout({
    title: 'Your account',
    csrf,
    theme: themeOf(appearance),
    signedInAs: user.username,
    wide: true,
    body: html`${success(done)}${problem(message)}
${profile(user, runsServer)}
${signedIn(keys, csrf)}
${appearance && appearanceForm(appearance, csrf)}`,
  });
}
