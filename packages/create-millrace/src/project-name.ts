import { basename } from "node:path";
import { type Refusal, refuse } from "./choices.ts";

/** npm's own limit. */
const LENGTH_MAX = 214;

/** A project of that name could not install the package of the same name, or npm refuses it. */
const TAKEN = new Set(["millrace", "vitest", "typescript", "node_modules", "favicon.ico"]);

/**
 * The name that package.json gets: the folder's, in letters that npm takes.
 *
 * @param folder Absolute.
 */
export function projectName(folder: string): { readonly name: string } | Refusal {
  const given = basename(folder);
  const name = given
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  if (name === "") {
    return refuse(
      `The folder's name ${JSON.stringify(given)} has no letter from a to z and no digit, so npm takes no name made of it. Give another, such as my-job.`,
    );
  }
  if (name.length > LENGTH_MAX) {
    return refuse(`The folder's name has ${name.length} characters, and npm takes ${LENGTH_MAX}. Give a shorter one.`);
  }
  if (TAKEN.has(name)) {
    return refuse(
      `A project cannot be called ${name}: npm could not install the package of that name in it. Give another name, such as my-job.`,
    );
  }
  return { name };
}
