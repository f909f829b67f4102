// Refusals of the API in the words of a form: a message above it, and a fault at each field.
import type { FormState } from './forms.ts';

const RULES: Readonly<Record<string, string>> = {
  required: 'Please fill in this field.',
  email: 'This is not an e-mail address.',
  username: 'Use 1 to 32 letters and digits, with single hyphens between them. Some words are taken by the server.',
  user_real_name: 'Use at most 128 characters, without blanks at the beginning and the end.',
  text: 'This holds characters that cannot be stored.',
};

interface Refusal {
  message: string;
  validations: readonly { field: string; detail: string }[] | undefined;
}

/** A fault as people read it; the API's own text names the rule and repeats the value, which may be a password. */
function faultText(detail: string): string {
  const rule = /^Validation failed for tag "(\w+)"/.exec(detail)?.[1];
  if (rule === undefined) return detail.charAt(0).toUpperCase() + detail.slice(1);
  return RULES[rule] ?? 'This value cannot be used.';
}

/**
 * What a form is shown again with after the API refused it.
 * @param visible names of the form's fields; a fault elsewhere is told above the form
 * @param values what was typed, without passwords
 */
export function refusedForm(
  refusal: Refusal,
  visible: readonly string[],
  values: Readonly<Record<string, string>>,
): FormState {
  const faults: Record<string, string> = {};
  const elsewhere: string[] = [];
  for (const { field, detail } of refusal.validations ?? []) {
    if (visible.includes(field)) faults[field] ??= faultText(detail);
    else elsewhere.push(faultText(detail));
  }
  const general = refusal.message === 'Validation failed.' ? 'Please check what you entered.' : refusal.message;
  return { message: [general, ...elsewhere].join(' '), values, faults };
}
