/** Tools of the checks, fetched where they are missing; one that cannot be had is told and left out. */
export function ensureTools(names: 'hadolint'[]): Promise<void>
/** Brings what is missing of the servers, and of what a mesh needs; returns those that could not be brought. */
export function ensure(wanted: { servers?: boolean; mesh?: boolean }): Promise<{ missing: string[] }>
