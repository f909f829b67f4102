// Refusals of a login through an identity provider that a person reads in a browser.
import { ApiError } from '../../errors.ts';

/** How a refusal is shown where a browser waits for it; anywhere else it is {message, detail}. */
export interface Shown {
  /** `page`: always. `browser-page`: to whoever asks for HTML. `sign-in`: as a message of the sign-in page. */
  as: 'page' | 'browser-page' | 'sign-in';
  /** Shown instead of the detail, with its Markdown. */
  markdown?: string | undefined;
}

/** A refusal with a title (`message`) and an explanation (`detail`). */
export class LoginRefusal extends ApiError {
  readonly shown: Shown;

  constructor(status: number, title: string, description: string, shown: Shown = { as: 'page' }, cause?: unknown) {
    super(status, title, { ...(description !== '' && { detail: description }), ...(cause !== undefined && { cause }) });
    this.shown = shown;
  }
}
