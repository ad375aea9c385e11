// One look at one subject of a watch, by the reader of its kind.
import type { Reading } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import type { Subject, What } from '../../workflows/watched/index.ts'
import type { Asking } from './asking.ts'
import type { Reader } from './reader.ts'
import { readers } from './readers/index.ts'

export async function readSubject(
  subject: Subject,
  asking: Asking,
  io: Io & { at: string },
): Promise<Reading> {
  return await (readers[subject.what] as Reader<What>)(subject, asking, io)
}
