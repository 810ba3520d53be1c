// Compiles the examples and runs one: `npm run example NAME [arguments]`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(root, "examples", `${name}.ts`))) {
  const names = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));
  process.stderr.write(
    `usage: npm run example NAME; there are ${names.map((file) => file.slice(0, -3)).join(", ")}\n`,
  );
  process.exit(2);
}
run(join(root, "node_modules", "typescript", "bin", "tsc"), "-p", join(root, "examples"));
run(join(root, ".nxlive", "examples", "examples", `${name}.js`), ...args);
