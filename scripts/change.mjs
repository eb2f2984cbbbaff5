// npm run change -- patch|minor|major "What a user notices": writes a file into .changeset/, to be committed with the change.
import { bootstrapOrExit, root } from "./bootstrap.mjs";

await bootstrapOrExit({ build: false });
const { default: writeChangeset } = await import("@changesets/write"); // needs installed packages

const [type, summary, ...more] = process.argv.slice(2);
if ((type !== "patch" && type !== "minor" && type !== "major") || !summary?.trim() || more.length > 0) {
  console.error(
    'millrace: write `npm run change -- TYPE "What a user notices"`, TYPE being patch, minor or major. Nothing was written.',
  );
  process.exit(2);
}
const id = await writeChangeset({ summary, releases: [{ name: "millrace", type }] }, root);
console.log(`.changeset/${id}.md`);
