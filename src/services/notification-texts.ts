// The texts of notifications: the templates' with labels put in.
import type { NotificationTemplateText } from '../codersdk/notification-templates.ts';

type Labels = Readonly<Record<string, string>>;

const PART = /\{\{if \.Labels\.(\w+)\}\}(.*?)\{\{end\}\}|\{\{\.Labels\.(\w+)\}\}|\{\{base_url\}\}/gs;

/**
 * Puts labels into the text of a template, as they are: what a label holds is never read as a template.
 * `{{if .Labels.x}}...{{end}}` stands only where the label is not empty.
 */
function fill(text: string, labels: Labels, accessUrl: string): string {
  return text.replace(PART, (_part, condition?: string, inner?: string, label?: string) => {
    if (condition !== undefined) return labels[condition] ? fill(inner ?? '', labels, accessUrl) : '';
    return label === undefined ? accessUrl : (labels[label] ?? '');
  });
}

/** What people read of a message: title, content (Markdown) and actions. Golden: notify-user-events */
export const textsOf = ({ title, body, actions }: NotificationTemplateText, labels: Labels, accessUrl: string) => ({
  title: fill(title, labels, accessUrl),
  content: fill(body, labels, accessUrl),
  actions: actions.map(({ label, url }) => ({ label, url: fill(url, labels, accessUrl) })),
});
