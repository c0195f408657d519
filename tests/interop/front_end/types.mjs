// Generates the types of a front-end's documents with graphql-codegen, and checks a program that uses them with the
// TypeScript compiler. Reads on standard input the folder to work in, and prints what the compiler has to say.
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";
import { documents, schema } from "./documents.mjs";

const folder = (await text(process.stdin)).trim();
const scalar = { input: "string", output: "string" };
const config = {
  scalars: { ID: scalar, Date: scalar, DateTime: scalar, LanguageTag: scalar, LocalTime: scalar, Sha256: scalar },
  strictScalars: true,
  enumsAsTypes: true,
  immutableTypes: true,
  dedupeOperationSuffix: true,
};
const types = await codegen({
  filename: "types.ts",
  schema: parse(schema),
  documents: documents().map(({ name, text }) => ({ location: name, document: parse(text) })),
  plugins: [{ operations: {} }],
  pluginMap: { operations },
  config,
});
writeFileSync(join(folder, "types.ts"), types);
copyFileSync(new URL("program.ts", import.meta.url), join(folder, "program.ts"));

const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const flags = ["--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"];
const checked = spawnSync(process.execPath, [tsc, ...flags, "--target", "es2022", "--module", "esnext", "program.ts"], {
  cwd: folder,
  encoding: "utf8",
});
console.log(JSON.stringify({ status: checked.status, said: checked.stdout + checked.stderr }));
