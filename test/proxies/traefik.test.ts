// traffic/traefik: the mirror under the contract, and the lies: a long throttle, a reader that is frozen, a file nobody reads.
import { changingContract } from '../contract/changing.ts'
import { lyingContract } from '../contract/lies.ts'
import { bench } from '../contract/traffic/traefik-bench.ts'

changingContract('traffic/traefik mirror', bench('mirror'), ['missing target'])
lyingContract('traffic/traefik split', bench('split'), ['showLate', 'freezeReader', 'otherPlace'])
