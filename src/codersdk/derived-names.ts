// Names that nobody chose: of users who come through an identity provider, and of tokens without a name.

import { randomInt } from 'node:crypto';
import { isPathWord, isUsername } from './names.ts';

// At most nine letters each, so that every name made of one of both fits into 32 characters.
const ADJECTIVES = `
  able agile amber ample arctic autumn azure balanced blithe bold brave breezy brief bright brisk calm candid careful
  cheerful clear clever coastal cosmic crisp curious daring dapper deft distant eager early earnest easy elegant epic fair
  fearless festive fine firm fluent fond frank free fresh friendly gentle giddy glad golden good graceful grand happy hardy
  honest humble ideal jolly jovial keen kind lively loyal lucid lucky lunar mellow merry mighty modest neat nimble noble open
  patient placid playful polite proud quick quiet rapid ready robust royal serene sharp silent silver sincere smart solar
  solid steady sunny swift tidy tranquil upbeat valiant vivid warm wise witty zesty
`
  .trim()
  .split(/\s+/);

const SURNAMES = `
  abel agnesi ampere archer avogadro babbage banach bardeen bell bernoulli bohr boole born bose boyle brahe carson cauchy
  cavendish cerf chandra clarke conway copernic cori crick curie dalton darwin davy descartes dijkstra dirac doppler earhart
  edison einstein elion euclid euler faraday fermat fermi feynman fourier franklin galilei galois gauss germain godel goodall
  haber hahn halley hamilton hawking heaviside herschel hertz hilbert hodgkin hooke hopper hubble huygens jacobi jenner joule
  kepler klein knuth lagrange lamarr laplace lavoisier leavitt leibniz linnaeus lovelace maxwell mccarthy meitner mendel
  milnor mirzakhan moore morse nash newton nernst nobel noether ohm pascal pasteur pauli payne perlman planck poincare
  ptolemy raman ramanujan riemann ritchie rubin sagan shannon tesla torvalds turing volta wallace watt wiles wright
`
  .trim()
  .split(/\s+/);

/** One item of a list that is not empty. */
function anyOf(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}

function twoDigits(): string {
  return String(randomInt(10, 100));
}

/** A random name for a token: `adjective_surname12`, in lower case. Source: POST /users/{user}/keys/tokens without a name. */
export function randomTokenName(): string {
  return `${anyOf(ADJECTIVES)}_${anyOf(SURNAMES)}${twoDigits()}`;
}

/** A random username: `adjective-surname12`, in lower case. */
export function randomUsername(): string {
  return `${anyOf(ADJECTIVES)}-${anyOf(SURNAMES)}${twoDigits()}`;
}

/** Unlike a name that somebody asks for, a derived one may be 32 hex digits: whoever is called so is found by id. */
function isUsable(name: string): boolean {
  return isUsername(name) && !isPathWord(name);
}

/**
 * The username of a user who is new to this server: the provider's word for it if that is allowed here; otherwise what is
 * left of it, or of the e-mail address if there is none, without what follows the last "@" and all characters that are
 * not allowed; and if that will not do either, a random one. Letter case is kept. Source: login through OIDC.
 */
export function usernameOf(claim: string | undefined, email: string): string {
  const wanted = claim || email;
  if (isUsable(wanted)) return wanted;
  const at = wanted.lastIndexOf('@');
  const left = (at < 0 ? wanted : wanted.slice(0, at)).replace(/[^A-Za-z0-9-]/g, '');
  return isUsable(left) ? left : randomUsername();
}

/** Another name for somebody whose username is taken: `name-adjectivesurname12`, or a random one if that is too long. */
export function alternativeUsername(taken: string): string {
  const alternative = `${taken}-${anyOf(ADJECTIVES)}${anyOf(SURNAMES)}${twoDigits()}`;
  return isUsable(alternative) ? alternative : randomUsername();
}
