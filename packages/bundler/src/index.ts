export { API_VERSION } from "./api-version.ts";
export {
  type Artefact,
  type ExternalPackage,
  type InstalledArtefact,
  installArtefact,
  type Manifest,
  makeArtefact,
  packArtefact,
  readManifest,
} from "./artefact.ts";
export { bundleJob } from "./bundle-job.ts";
export type { BundleOptions } from "./bundle-options.ts";
export { type CheckOptions, checkJob } from "./check-job.ts";

export { type EditorSettings, writeEditorSettings } from "./editor-settings.ts";
export { checkExternals, externalLoader } from "./externals.ts";
export { bundleCacheDir } from "./job-cache.ts";
export { checkTypes } from "./type-check.ts";
