// The schema, and the documents of a partner's front-end, as it keeps them: a file for each page.
import { readFileSync, readdirSync } from "node:fs";

export const schemaPath = new URL("../../../schema.graphql", import.meta.url);
export const schema = readFileSync(schemaPath, "utf8");

// The documents in a folder beside this file, each with its file's name.
export function documents(folder = "./") {
  const url = new URL(folder, import.meta.url);
  return readdirSync(url)
    .filter((file) => file.endsWith(".graphql"))
    .map((file) => ({ name: file.replace(".graphql", ""), text: readFileSync(new URL(file, url), "utf8") }));
}
