import { createRequire } from "node:module";

const manifest: unknown = createRequire(import.meta.url)("../package.json");

/** The version of this installation: of the command and, as all packages carry one number, of the API. */
export const VERSION: string =
  typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
