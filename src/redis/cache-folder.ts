import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder that keeps what is fetched once and used often: `$NXLIVE_CACHE`, else `nxlive` below
 * `$XDG_CACHE_HOME` or `~/.cache`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NXLIVE_CACHE) return env.NXLIVE_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "nxlive");
}
