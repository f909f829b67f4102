// What a new owner does next: commands to use the server, and settings to run it well, with what is done already.
import { type Html, html } from '../html.ts';
import { layout, type Theme } from './layout.ts';

/** What the server knows of the steps. */
interface Setup {
  readonly accessUrl: string;
  readonly isHttps: boolean;
  readonly sendsMail: boolean;
  readonly hasProvider: boolean;
  readonly isEmbedded: boolean;
  readonly isEncrypted: boolean;
}

interface Step {
  title: string;
  text: Html;
  /** Commands or settings, each on a line of its own. */
  lines: readonly string[];
  /** Left out for what the server cannot know. */
  isDone?: boolean;
}

const OIDC_CALLBACK = '/api/v2/users/oidc/callback';

function usingIt(url: string): Step[] {
  return [
    {
      title: 'Log in with the command line',
      text: html`The <code>coder</code> program opens a page here that makes a key for it.`,
      lines: [`coder login ${url}`],
    },
    {
      title: 'Make a token for a script',
      text: html`It is printed once. Scripts send it in the header <code>Coder-Session-Token</code>; a scope keeps it to what it is for.`,
      lines: [
        'coder tokens create --name my-script --lifetime 168h --scope user:read',
        `curl -H "Coder-Session-Token: $TOKEN" ${url}/api/v2/users`,
      ],
    },
    {
      title: 'Create a user',
      text: html`The new person gets the password from you and changes it, or signs in through a provider.`,
      lines: [
        'coder users create --username kim --email kim@example.com',
        'coder users create --username lee --email lee@example.com --login-type oidc',
      ],
    },
    {
      title: 'Make a second owner',
      text: html`So that one lost password locks nobody out. Without any owner left: <code>coder-users create-admin-user</code> on the machine of the server.`,
      lines: ['coder users edit-roles kim --roles owner'],
    },
  ];
}

function runningIt({ accessUrl, isHttps, sendsMail, hasProvider, isEmbedded, isEncrypted }: Setup): Step[] {
  return [
    {
      title: 'Serve it over HTTPS',
      text: html`With a certificate here, or by a proxy before it, which the operating guide has the settings for.`,
      lines: [
        'CODER_ACCESS_URL=https://coder.example.com',
        'CODER_TLS_ENABLE=true',
        'CODER_TLS_ADDRESS=:443',
        'CODER_TLS_CERT_FILE=/etc/coder-users/tls.pem',
        'CODER_TLS_KEY_FILE=/etc/coder-users/tls.key',
      ],
      isDone: isHttps,
    },
    {
      title: 'Send mail',
      text: html`People reset their passwords and confirm new addresses by mail.`,
      lines: ['CODER_EMAIL_SMARTHOST=smtp.example.com:587', 'CODER_EMAIL_FROM=coder@example.com'],
      isDone: sendsMail,
    },
    {
      title: 'Sign in through a provider',
      text: html`OpenID Connect or GitHub. The provider has to know the address <code>${accessUrl}${OIDC_CALLBACK}</code>.`,
      lines: [
        'CODER_OIDC_ISSUER_URL=https://login.example.com',
        'CODER_OIDC_CLIENT_ID=coder',
        'CODER_OIDC_CLIENT_SECRET_FILE=/etc/coder-users/oidc-secret',
      ],
      isDone: hasProvider,
    },
    {
      title: 'Encrypt what is secret',
      text: isEmbedded
        ? html`The key is the file <code>encryption-keys</code> in the data directory. Keep a copy of it apart from the backups.`
        : html`A key that is made with <code>head -c 32 /dev/urandom | base64</code>. Keep a copy of it apart from the backups.`,
      lines: isEmbedded ? [] : ['CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS_FILE=/etc/coder-users/encryption-keys'],
      isDone: isEncrypted,
    },
    {
      title: 'Back it up',
      text: html`One file of everything, while the server runs. Try the way back once, into another database.`,
      lines: ['coder-users backup --output /var/backups/'],
    },
    {
      title: 'Ask what else is wrong',
      text: html`Settings, database, keys, mail, providers, disk and address, with what to do.`,
      lines: ['coder-users doctor'],
    },
  ];
}

const stepItem = ({ title, text, lines, isDone }: Step) => html`<li>
<h3>${title}${isDone === true && html`<span class="badge">done</span>`}${isDone === false && html`<span class="badge">to do</span>`}</h3>
<p>${text}</p>
${lines.length > 0 && html`<pre tabindex="0" role="group" aria-label="${title}"><code>${lines.join('\n')}</code></pre>`}
</li>
`;

const card = (
  id: string,
  title: string,
  lead: string,
  steps: readonly Step[],
) => html`<section class="card" aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
<p class="muted">${lead}</p>
<ol class="steps">
${steps.map(stepItem)}</ol>
</section>
`;

interface NextStepsView {
  setup: Setup;
  username: string;
  csrf: string;
  theme: Theme;
}

/** The page that follows set-up, and that the account page of whoever may read the settings leads to. */
export function nextStepsPage({ setup, username, csrf, theme }: NextStepsView): Html {
  return layout({
    title: 'Next steps',
    csrf,
    theme,
    signedInAs: username,
    wide: true,
    body: html`<section class="card"><h1>Next steps</h1>
<p>You are signed in as <strong>${username}</strong>, and this server works. This page stays at <a href="/next-steps">/next-steps</a>; <a href="/">your account</a> has your sessions and tokens.</p></section>
${card('use', 'Use it', 'On your own machine, with the coder program or with curl.', usingIt(setup.accessUrl))}
${card('run', 'Run it', 'On the machine of the server: environment variables, read at the start, and commands.', runningIt(setup))}
<section class="card" aria-labelledby="more"><h2 id="more">More</h2>
<p>The operating guide is <code>docs/operations.md</code>, every setting is in <code>docs/settings.md</code>, and <a href="/swagger">the API</a> can be read here.</p></section>`,
  });
}
