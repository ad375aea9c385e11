// HTML with escaping by default: every value put into a template is escaped unless it is HTML itself. Pure.

export type Html = { readonly html: string }
type Value = Html | Html[] | string | number | null

/** html`<p>${text}</p>`: text is escaped, Html and lists of Html are put in as they are. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return {
    html: parts
      .map((part, index) => part + (index < values.length ? render(values[index] ?? null) : ''))
      .join(''),
  }
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function render(value: Value): string {
  if (value === null) return ''
  if (Array.isArray(value)) return value.map(({ html: text }) => text).join('')
  return typeof value === 'object' ? value.html : escapeHtml(String(value))
}
