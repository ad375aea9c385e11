// Names in the forms that code wants them. Pure.

/** `http-json` -> `httpJson`. */
export function camel(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** `http-json` -> `HttpJson`. */
export function pascal(name: string): string {
  const text = camel(name)
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
