// One person in one form. A name is what somebody says of themselves, written now so and now so: `ana`, `Ana`, `ana `. Pure.

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu // zero-width characters: two names that nobody can tell apart
const BLANKS = /[\s\u2800]+/g // the empty Braille pattern is seen as a blank
// Chats and word processors put others in their place.
const DASHES = /\p{Pd}/gu
const APOSTROPHES = /[\u2018\u2019\u201b\u02bc\u2032]/g

/**
 * What two spellings of one name have in common: compatibility form (NFKC, so that wide and composed letters are the plain
 * ones), no blanks around, one between words, one dash, one apostrophe, no case. Letters of other alphabets that only look alike stay different.
 */
export function personKey(name: string): string {
  const plain = name
    .normalize('NFKC')
    .replaceAll(INVISIBLE, '')
    .replaceAll(BLANKS, ' ')
    .replaceAll(DASHES, '-')
    .replaceAll(APOSTROPHES, "'")
    .trim()
  // Down, up and down: ß is ss, so is the capital ẞ, whose own upper case is itself; and every sigma is one.
  return plain.toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
}

export function isSamePerson(one: string, other: string): boolean {
  return personKey(one) === personKey(other)
}

/** How the list writes the name of a person; undefined = they are not on it. */
export function listed(people: readonly string[], name: string): string | undefined {
  return people.find((each) => isSamePerson(each, name))
}

/** How many people a list names, however often it does. */
export function distinct(people: readonly string[]): number {
  return new Set(people.map(personKey)).size
}

/** `1 of anyone but the one who starts the run`: refused later, it would be met as a surprise. */
export function deciders({
  people,
  quorum,
  self_approval: isSelfAllowed,
}: {
  people: 'anyone' | string[]
  quorum: number
  self_approval: boolean
}): string {
  if (people !== 'anyone') return `${quorum} of ${people.join(', ')}`
  return `${quorum} of anyone${isSelfAllowed ? '' : ' but the one who starts the run'}`
}
