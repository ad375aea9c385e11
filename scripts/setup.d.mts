/** Tools of the checks, fetched where they are missing; one that cannot be had is told and left out. */
export function ensureTools(names: 'hadolint'[]): Promise<void>
