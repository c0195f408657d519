// Prints every edge of a schema that leads to a record, as one list: from which root or record, by which selections, to
// which kind of record. Knows of Concord only what the schema says: a record is a type with an id of its own, and an edge
// goes through pages, answers and whatever else has none.
import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, getNullableType, isAbstractType, isLeafType, isObjectType } from "graphql";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const isRecord = (type) => isObjectType(type) && String(type.getFields().id?.type) === "ID!";

// A field of a record that more than names it.
const told = (record) =>
  Object.values(record.getFields()).find(
    (field) =>
      isLeafType(getNullableType(field.type)) &&
      !["id", "name", "kind"].includes(field.name) &&
      field.args.every((argument) => !String(argument.type).endsWith("!")),
  )?.name;

function* edgesOf(source, path, through) {
  for (const field of Object.values(source.getFields())) {
    const type = getNamedType(field.type);
    if (isLeafType(type)) continue;
    const here = [...path, field.name];
    const narrowed = (object) => (isAbstractType(type) ? [...here, `... on ${object.name}`] : here);
    for (const object of isAbstractType(type) ? schema.getPossibleTypes(type) : [type]) {
      if (isRecord(object)) {
        yield { path: narrowed(object), to: object.name, told: told(object) };
      } else if (!through.includes(object)) {
        yield* edgesOf(object, narrowed(object), [...through, object]);
      }
    }
  }
}

const roots = [schema.getQueryType(), schema.getMutationType()];
const records = Object.values(schema.getTypeMap()).filter(isRecord);
const edges = [...roots, ...records].flatMap((from) =>
  [...edgesOf(from, [], [from])].map((edge) => ({ from: from.name, ...edge })),
);
console.log(JSON.stringify({ records: records.map((record) => record.name).sort(), edges }));
