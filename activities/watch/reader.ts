// How one kind of watched thing is read: one look, one reading. A file of readers/ defines one.
import type { Reading } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Subject, What } from '../../workflows/watched/index.ts'
import type { Asking } from './asking.ts'

/** `at`: the server's time of the look. */
export type Reader<W extends What> = (
  subject: Extract<Subject, { what: W }>,
  asking: Asking,
  io: Io & { at: string },
) => Promise<Reading>

export function defineReader<W extends What>(reader: Reader<W>): Reader<W> {
  return reader
}
