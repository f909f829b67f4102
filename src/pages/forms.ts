// The parts of forms: fields with label, hint and fault tied together for screen readers, and messages that are announced.
import { type Html, html } from '../html.ts';

/** The name of the hidden field that proves a form to be ours. */
export const CSRF_FIELD = 'csrf_token';

export const csrfField = (token: string | undefined): Html =>
  html`<input type="hidden" name="${CSRF_FIELD}" value="${token ?? ''}">`;

export const hiddenField = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** What a form is shown again with: the message above it, and faults by field name. */
export interface FormState {
  message?: string | undefined;
  /** What was typed, never passwords. */
  values?: Readonly<Record<string, string>>;
  faults?: Readonly<Record<string, string>>;
}

interface Field {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  autocomplete: string;
  hint?: string;
  required?: boolean;
  autofocus?: boolean;
  readonly?: boolean;
}

/** A labelled input; what was typed comes back, except in password fields. Of several faults the first has the focus. */
export function field(spec: Field, state: FormState): Html {
  const { name, label, type = 'text', autocomplete, hint, required = true, autofocus = false, readonly = false } = spec;
  const fault = state.faults?.[name];
  const firstFault = Object.keys(state.faults ?? {})[0];
  const focused = firstFault === undefined ? autofocus : firstFault === name;
  const notes = [fault && `${name}-fault`, hint && `${name}-hint`].filter(Boolean).join(' ');
  const value = type === 'password' ? undefined : state.values?.[name];
  return html`<p><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}"${value !== undefined && html` value="${value}"`}${
    required && html` required`
  }${focused && html` autofocus`}${readonly && html` readonly`}${fault !== undefined && html` aria-invalid="true"`}${
    notes !== '' && html` aria-describedby="${notes}"`
  }${type !== 'password' && html` spellcheck="false" autocapitalize="none"`}>
${fault !== undefined && html`<span class="fault" id="${name}-fault">${fault}</span>`}${
  hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`
}</p>`;
}

/** What went wrong, read out at once. */
export const problem = (message: string | undefined): Html | undefined =>
  message === undefined ? undefined : html`<p class="notice bad" role="alert">${message}</p>`;

/** What went well. */
export const success = (message: string | undefined): Html | undefined =>
  message === undefined ? undefined : html`<p class="notice good" role="status">${message}</p>`;

/** What is neither: a word from whoever sent the browser here. */
export const information = (message: string | undefined): Html | undefined =>
  message === undefined ? undefined : html`<p class="notice info" role="status">${message}</p>`;
