/** Whoever started this, as npm, pnpm and Yarn say it in `npm_config_user_agent`: `pnpm/10.34.9 npm/? node/v20.19.0 …`. */
export function packageManagerOf(userAgent: string | undefined): "npm" | "pnpm" | "yarn" {
  const [, name] = /^(pnpm|yarn)\//.exec(userAgent ?? "") ?? [];
  return name === "pnpm" || name === "yarn" ? name : "npm";
}
