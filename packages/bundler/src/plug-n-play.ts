/** TypeScript's codes for a module without a file or a declaration that it can find, and for a configuration to extend. */
const NOT_FOUND = /\(TS(2307|6053)\)$/;

/**
 * Explains why the compiler finds no packages, if that is because Yarn keeps them in archives: it knows folders only.
 *
 * @param problems The texts of type errors, each with its code.
 * @param versions Yarn adds its own to `process.versions` when it starts a program under Plug'n'Play.
 * @returns A line to add, or nothing.
 */
export function plugNPlayAdvice(
  problems: readonly string[],
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): string {
  if (versions.pnp === undefined || !problems.some((text) => NOT_FOUND.test(text))) return "";
  return (
    "\nThis project uses Yarn's Plug'n'Play, under which the check cannot see the types of packages, although the job may run. " +
    "Write nodeLinker: node-modules into .yarnrc.yml and run yarn install."
  );
}
