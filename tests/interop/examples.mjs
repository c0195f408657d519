// Holds what the explorer proposes to ask to the schema, by graphql-js as it is: every document is valid, and every variable
// that it declares is one that is filled.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { examples } from "../../api/src/http/explorer/examples.js";

const schema = buildSchema(readFileSync(join(import.meta.dirname, "../../schema.graphql"), "utf8"));
const told = examples({ recall: () => null, caller: { purpose: () => null } }).map(({ name, text, fill = {} }) => {
  const document = parse(text());
  const declared = document.definitions[0].variableDefinitions.map(({ variable }) => variable.name.value);
  const faults = validate(schema, document).map(({ message }) => message);
  const filled = JSON.stringify(declared.toSorted()) === JSON.stringify(Object.keys(fill).toSorted());
  return { name, faults, filled };
});
console.log(JSON.stringify(told));
