import { spawnSync } from "node:child_process";

/** As root; and as anybody, where the system lets them have a namespace of their own. */
const WAYS: readonly (readonly string[])[] = [["--mount"], ["--user", "--map-root-user", "--mount"]];

const way = WAYS.find((options) => {
  const args = [...options, "mount", "-t", "tmpfs", "none", "/mnt"];
  return spawnSync("unshare", args, { stdio: "ignore" }).status === 0;
});

/** Why a test with mounts cannot run here; `undefined`: it can. With `CI=true` it runs, and fails, instead of being left out. */
export const noMounts: string | undefined =
  way !== undefined || process.env.CI === "true"
    ? undefined
    : "this system gives nobody a mount namespace (unshare --mount): an executor with another disk cannot be started here";

/** For `ProcessOptions.within`: a process, and those that it starts, for which `mounts` was done, and which nobody else sees. */
export function mounted(mounts: string): readonly string[] {
  if (way === undefined) throw new Error("no mount namespace can be made here, and with CI=true nothing is left out");
  return ["unshare", ...way, "sh", "-c", `${mounts} && exec "$@"`, "sh"];
}

/** Undoes a mount for such a process. */
export const unmount = (pid: number, directory: string): void => inMounts(pid, "umount", directory);

/** Changes a mount for such a process: `size=1m`, `ro`. */
export const remount = (pid: number, directory: string, options: string): void =>
  inMounts(pid, "mount", "-o", `remount,${options}`, directory);

/** Runs a command that sees what such a process sees. */
export function inMounts(pid: number, ...command: readonly string[]): void {
  const user = way?.includes("--user") === true ? ["--user", "--preserve-credentials"] : [];
  const args = ["--target", String(pid), ...user, "--mount", ...command];
  const { status, stderr } = spawnSync("nsenter", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`nsenter ${args.join(" ")}: ${stderr}`);
}
