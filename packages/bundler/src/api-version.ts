import { createRequire } from "node:module";
import { artefactVersion } from "./errors.ts";

const manifest: unknown = createRequire(import.meta.url)("../package.json");

/** The version of `millrace` in this process: all packages have the same number. */
export const API_VERSION: string =
  typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";

/** `1.4.0-rc.1` is `{ line: "1", minor: 4, patch: 0, pre: "rc.1" }`. */
interface Version {
  /** Versions of one line promise to run what was written for an earlier one: `1`, and before 1.0 `0.4`. */
  readonly line: string;
  readonly minor: number;
  readonly patch: number;
  /** Empty in a release. */
  readonly pre: string;
}

/**
 * Lets through a job whose `bundledFor` this process can serve. A job brings its own code, but `millrace` is the
 * process's: what matters is whether that has everything the job may call, with the same meaning. By semantic
 * versions it has if it is of the same line (the major version; before 1.0 the minor one) and no older in its minor
 * number. Patches add nothing, so they are not compared. A prerelease promises nothing, so a job that was bundled for
 * one is served by that very version alone.
 *
 * @param entry The name of the job's file, for the message.
 * @throws ARTEFACT_VERSION
 */
export function checkApiVersion(entry: string, bundledFor: string, running: string = API_VERSION): void {
  const why = bundledFor === running ? undefined : whyUnfit(parseVersion(bundledFor), parseVersion(running));
  if (why === undefined) return;
  throw artefactVersion(
    `${entry} was bundled for millrace ${bundledFor}, and this process runs millrace ${running}, ${why}: the job was not ` +
      "loaded. Submit it again with the version that the cluster runs, or let the cluster run the job's.",
    { fields: { bundledFor, running } },
  );
}

function whyUnfit(job: Version | undefined, engine: Version | undefined): string | undefined {
  if (job === undefined || engine === undefined) return "and the two cannot be compared";
  if (job.line !== engine.line)
    return job.line.includes(".") && engine.line.includes(".")
      ? "another minor version, which before 1.0 may differ in anything"
      : "another major version";
  if (job.pre !== "") return "and a prerelease is served by itself alone";
  if (engine.minor < job.minor) return "an older one, which may lack what the job uses";
  if (engine.minor === job.minor && engine.patch === 0 && engine.pre !== "")
    return "a prerelease, which may lack what the job uses";
  return undefined;
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, pre = ""] = /^(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text) ?? [];
  if (major === undefined) return undefined;
  return {
    line: major === "0" ? `0.${minor}` : major,
    minor: Number(minor),
    patch: Number(patch),
    pre,
  };
}
