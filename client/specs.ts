// The specs of every provider that runbooks may name here: the shipped ones and those of installed packages.
import { UnusablePackage, installedSpecs, packagesIn } from '../activities/installed.ts'
import type { ProviderSpec } from '../activities/provider.ts'
import type { Environment } from './config.ts'
import { usageProblem } from './problem.ts'

/** Raises a Problem that tells which package of CUTOVER_PROVIDERS cannot be used, and why. */
export async function knownSpecs(env: Environment): Promise<readonly ProviderSpec[]> {
  try {
    return await installedSpecs(packagesIn(env['CUTOVER_PROVIDERS'] ?? ''))
  } catch (error) {
    throw error instanceof UnusablePackage
      ? usageProblem(`CUTOVER_PROVIDERS: ${error.message}`, [error.fix])
      : error
  }
}
