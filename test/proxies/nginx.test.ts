// traffic/nginx: the mirror under the contract, and the lies that take seconds: a reload that is late, a reader that is frozen.
import { changingContract } from '../contract/changing.ts'
import { lyingContract } from '../contract/lies.ts'
import { bench } from '../contract/traffic/nginx-bench.ts'

changingContract('traffic/nginx mirror', bench('mirror'), ['missing target'])
lyingContract('traffic/nginx split', bench('split'), ['showLate', 'freezeReader'])
lyingContract('traffic/nginx mirror', bench('mirror'), ['doHalf', 'otherPlace'])
