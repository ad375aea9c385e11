// Reads a proof: a number like that of a guard.
import { defineReader } from '../reader.ts'
import { readByQueries } from './guard.ts'

export const proofReader = defineReader<'proof'>((subject, asking, io) =>
  readByQueries(subject.guard, { ...asking, connection: subject.connection }, io),
)
