// traffic/nginx on a real NGINX with two workers: the contract of changing ports, and half of what can be so and not be said. The
// mirror, and lies that take seconds, are in test/proxies.
import { nginx } from '../../../activities/traffic/nginx/index.ts'
import { changingContract } from '../changing.ts'
import { lyingContract } from '../lies.ts'
import { bench } from './nginx-bench.ts'

const { id } = nginx.spec

changingContract(`${id} split`, bench('split'), ['missing target'])
lyingContract(`${id} split`, bench('split'), ['doHalf', 'otherPlace'])
