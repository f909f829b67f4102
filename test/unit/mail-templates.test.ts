import { expect, it } from 'vitest';
import { emailChangedMail, resetPasswordMail } from '../../src/mail/templates.ts';

const CODE = '7d2b8a58-0e0f-4c5b-9f0a-0d7f3c1f2a11';

it('the reset mail goes to the address and holds the link with the address percent-encoded', () => {
  const mail = resetPasswordMail({
    accessUrl: 'https://coder.example.com',
    to: 'kim+a&b@example.com',
    name: 'Kim <i>',
    passcode: CODE,
  });
  const link = `https://coder.example.com/reset-password/change?otp=${CODE}&email=kim%2Ba%26b%40example.com`;
  expect(mail.to).toBe('kim+a&b@example.com');
  expect(mail.subject).toBe('Reset your password for Coder');
  expect(mail.text).toContain(`Reset password: ${link}\n`);
  expect(mail.html).toContain('Kim &lt;i&gt;');
  expect(mail.html).toContain(`<a href="${link.replaceAll('&', '&amp;')}">Reset password</a>`);
});

it('the notice of a new address goes to the old one and names both', () => {
  const mail = emailChangedMail({
    accessUrl: 'https://c.test',
    to: 'old@x.test',
    name: 'kim',
    newEmail: '"<b>"@x.test',
  });
  expect(mail.to).toBe('old@x.test');
  expect(mail.text).toContain('now "<b>"@x.test instead of old@x.test');
  expect(mail.html).toContain('&quot;&lt;b&gt;&quot;@x.test');
  expect(mail.html).not.toContain('<b>');
});
