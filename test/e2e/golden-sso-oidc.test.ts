// The recordings of sign-in through OpenID providers.
import { replaySso } from '../support/golden-sso.ts';
import { ssoNames } from '../support/golden-steps.ts';

replaySso(ssoNames().filter((name) => name.startsWith('oidc')));
