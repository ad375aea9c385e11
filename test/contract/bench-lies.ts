// What a bench can make its real backend say that is not so, for the suite of lies.
import type { Json } from '../../workflows/json.ts'

/** Ends a lie: from then on the backend does and says what is so. */
export interface Until {
  end(): Promise<void>
}

/** What a bench can make its real backend do. Each is optional; a suite names those its backend can tell. */
export interface Lies {
  /** Writes are accepted from now on and show (to looks and users) only after so long; in their order, the last one wins. */
  showLate?(ms: number): Promise<Until>
  /** Looks answer what is there now; writes take effect nevertheless. */
  freezeReader?(): Promise<Until>
  /** The next write is accepted and done in part: one of several members, one of two fields. */
  doHalf?(): Promise<Until>
  /** A second place in which the target lives: a file beside the process, a view, a secondary. */
  otherPlace?: {
    /** What it holds now, read past our provider, whatever its form: it is compared with itself only. */
    read(): Promise<Json>
    /** Somebody changes that place alone. The provider must see it. */
    change(value: Json): Promise<void>
    /**
     * A write reaches one of the places only (the file is written and the process refuses it; the process has it and the file
     * cannot be written), whether or not the caller is told. `end`: every place can be written again.
     */
    breakWrites(): Promise<Until>
  }
}
