// What the YAML parser complains about, in words for someone who writes runbooks.
import type { YAMLError } from 'yaml'
import type { Finding } from './problem.ts'

type Words = { message: string; fix: string | null }

const WORDS: Record<string, Words> = {
  TAB_AS_INDENT: { message: 'a tab indents this line', fix: 'indent with spaces' },
  MULTIPLE_DOCS: {
    message: 'the file holds several YAML documents',
    fix: 'one runbook per file: remove the --- line',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'two keys on one line',
    fix: 'put text that holds ": " in quotes, or begin a new line',
  },
  BAD_INDENT: {
    message: 'the indentation does not fit the lines around it',
    fix: 'align it with its neighbours; close every [ and {',
  },
  MISSING_CHAR: { message: 'something is not closed or missing here', fix: null },
  IMPOSSIBLE: { message: 'this is not YAML', fix: null },
  UNEXPECTED_TOKEN: { message: 'this is not YAML', fix: null },
  RESOURCE_EXHAUSTION: { message: 'nested too deeply', fix: null },
  TAG_RESOLVE_FAILED: {
    message: 'tags (!...) are not part of a runbook',
    fix: 'put text that begins with ! in quotes',
  },
  BAD_ALIAS: { message: 'not an alias', fix: 'put text that begins with * in quotes' },
}

export function yamlFinding(error: YAMLError): Finding {
  const words = WORDS[error.code]
  const detail = error.message.replace(/: ".*$/s, '').replaceAll(/\s+/g, ' ') // what follows is the content of the file
  const isSpecific = error.code === 'MISSING_CHAR' || error.code === 'UNEXPECTED_TOKEN' || words === undefined
  return {
    path: [],
    position: error.pos[0],
    message: isSpecific ? `not valid YAML: ${detail}` : words.message,
    fix: words?.fix ?? null,
  }
}
