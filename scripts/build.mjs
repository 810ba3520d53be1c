// Compiles src/ to dist/ (`npm run build`) and leaves the command executable and a stamp with the time of the build.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const fresh = join(root, `dist-${process.pid}`);
const replaced = join(root, `dist-${process.pid}-replaced`);
const started = new Date();

const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
if (!existsSync(compiler)) {
  process.stderr.write("The compiler is missing: run `npm ci` first.\n");
  process.exit(1);
}
try {
  // Programs without comments, which Node would keep in memory as long as it runs; declarations with them, for editors.
  compile("--declaration", "false", "--removeComments");
  compile("--emitDeclarationOnly");
  chmodSync(join(fresh, "cli", "main.js"), 0o755);
  // As old as the start: a source changed during the build is newer than it.
  const stamp = join(fresh, ".built");
  writeFileSync(stamp, "");
  utimesSync(stamp, started, started);
  // Whoever runs the program meanwhile sees the old build or the new one.
  if (existsSync(dist)) renameSync(dist, replaced);
  renameSync(fresh, dist);
} finally {
  rmSync(fresh, { recursive: true, force: true });
  rmSync(replaced, { recursive: true, force: true });
}

function compile(...options) {
  const args = [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", fresh, ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`The compiler ended with ${status}.`);
}
