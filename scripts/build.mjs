// Compiles src/ to dist/ (`npm run build`) and leaves the command executable and a stamp with the time of the build.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const started = new Date();

const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
if (!existsSync(compiler)) {
  process.stderr.write("The compiler is missing: run `npm ci` first.\n");
  process.exit(1);
}
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const { status } = spawnSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
const command = join(dist, "cli", "main.js");
if (existsSync(command)) chmodSync(command, 0o755);
if (status !== 0) process.exit(status ?? 1);
// As old as the start: a source changed during the build is newer than it.
const stamp = join(dist, ".built");
writeFileSync(stamp, "");
utimesSync(stamp, started, started);
