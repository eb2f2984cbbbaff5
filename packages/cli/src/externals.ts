import type { ExternalPackage } from "@millrace/bundler";
import { type Console, tell } from "./console.ts";

/** Names the packages that the cluster must have, before it is found that it does not. */
export function tellExternals(console: Console, externals: readonly ExternalPackage[]): void {
  for (const { name, version, reason } of externals) {
    tell(
      console,
      `${name}@${version} is not in the bundle, because it ${reason}: install it where the driver and the executors run`,
    );
  }
}
