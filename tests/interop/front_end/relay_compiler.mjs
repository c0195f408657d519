// Has Relay's compiler compile a front-end's documents. It looks for them in a program's sources, which are written here.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documents, schema } from "./documents.mjs";

const CLI = fileURLToPath(new URL("../node_modules/relay-compiler/cli.js", import.meta.url));

// Compiles into this folder, which is empty, and where it is said persists documents so. Returns what was made, and a function
// that loads one of it.
export function compile(folder, persistConfig = undefined) {
  const made = join(folder, "made");
  mkdirSync(join(folder, "src"));
  mkdirSync(made);
  for (const { name, text } of [...documents(), ...documents("relay/")]) {
    const source = text.replace(/^#.*\n/gm, "");
    writeFileSync(join(folder, "src", `${name}.js`), `graphql\`\n${source}\`;\n`);
  }
  writeFileSync(join(folder, "schema.graphql"), schema);
  const config = { src: "./src", schema: "./schema.graphql", artifactDirectory: "./made", language: "javascript" };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify({ ...config, persistConfig, eagerEsModules: false }));
  const compiled = spawnSync(process.execPath, [CLI, "relay.config.json"], { cwd: folder, encoding: "utf8" });
  if (compiled.status !== 0) throw new Error(compiled.stdout + compiled.stderr);
  const require = createRequire(join(made, "x.js"));
  return {
    names: readdirSync(made).map((file) => file.replace(".graphql.js", "")).sort(),
    load: (name) => require(`./${name}.graphql.js`),
  };
}
