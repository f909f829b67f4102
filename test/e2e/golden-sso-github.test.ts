// The recordings of sign-in through GitHub, and of settings of either kind of provider with which a server does not start.
import { replaySso } from '../support/golden-sso.ts';
import { ssoNames } from '../support/golden-steps.ts';

replaySso(ssoNames().filter((name) => !name.startsWith('oidc')));
