// How NGINX writes the names that a runbook uses. Offline half.
import { z } from 'zod'

/** Of an upstream block. No sign that would end a directive or begin a variable. */
export const Upstream = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'not the name of an upstream: letters, digits, and the signs - _ .')

export const Variable = z.string().regex(/^\$[A-Za-z0-9_]+$/, 'not a variable of NGINX: write $ and its name')
