// Configuration that every simulated provider shares. Offline half: no world is reachable from here.
import { Name } from '../../workflows/scalars.ts'

export const WorldName = Name.describe('The simulated world; connections that name the same one share it')
