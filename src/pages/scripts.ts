// The two scripts of the pages, as they are served: without them every page still shows what it has to show.

/** Served as /assets/copy.js: makes the copy buttons work, which stay hidden without it. */
export const copyScript = `'use strict';
for (const button of document.querySelectorAll('button[data-copy]')) {
  const field = document.getElementById(button.dataset.copy);
  const status = document.getElementById(button.getAttribute('aria-describedby'));
  button.hidden = false;
  button.addEventListener('click', async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = 'Copied.';
    } catch {
      status.textContent = 'It is selected: copy it with the keyboard.';
    }
  });
}
`;

/**
 * Served as /assets/device.js: gets a device code from the server, shows it, and asks the server until GitHub has the
 * user's consent. The states and waiting times are those of the device authorization grant (RFC 8628, 3.5).
 */
export const deviceScript = `'use strict';
const root = document.getElementById('device');
const home = new URL('..', document.currentScript.src).href;
const status = document.getElementById('device-status');
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function fail(text) {
  root.querySelector('[data-step="confirm"]').hidden = true;
  status.textContent = '';
  const alert = document.getElementById('device-problem');
  alert.textContent = text;
  alert.hidden = false;
  document.getElementById('device-again').hidden = false;
}

const REASONS = {
  access_denied: 'GitHub says that access was refused.',
  expired_token: 'The code has expired.',
};
const reason = ({ message, detail }) =>
  REASONS[detail] || [message, detail].filter(Boolean).join(' ') || 'The server gave no reason.';

async function start() {
  const answer = await fetch(home + 'api/v2/users/oauth2/github/device');
  const body = await answer.json();
  if (!answer.ok) return fail(reason(body));
  const link = new URL(body.verification_uri);
  if (link.protocol !== 'https:' && link.protocol !== 'http:') return fail('The address for the code is unusable.');
  document.getElementById('device-code').textContent = body.user_code;
  document.getElementById('device-link').href = link.href;
  root.querySelector('[data-step="confirm"]').hidden = false;
  status.textContent = 'Waiting for you to enter the code.';
  const query = new URLSearchParams({ code: body.device_code, state: new URLSearchParams(location.search).get('state') ?? '' });
  const deadline = Date.now() + (body.expires_in || 900) * 1000;
  let interval = Math.max(1, body.interval || 5);
  while (Date.now() < deadline) {
    await wait(interval);
    const poll = await fetch(home + 'api/v2/users/oauth2/github/callback?' + query);
    const result = await poll.json();
    if (poll.ok) {
      const target = new URL(result.redirect_url || home, location.origin);
      location.assign(target.origin === location.origin ? target.href : home);
      return;
    }
    if (result.detail === 'authorization_pending') continue;
    if (result.detail === 'slow_down') interval += 5;
    else if (poll.status === 429) interval += 30;
    else return fail(reason(result));
  }
  fail('The code has expired.');
}

start().catch(() => fail('The server cannot be reached.'));
`;
