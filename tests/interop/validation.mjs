// Makes up documents over the schema, most of them nearly valid, and prints what graphql-js says of each: null where it
// may be executed, else why not. Knows of Concord only what the schema says. Reads { seed, count, written, dear }: `dear`
// has queries alone ask for whole pages, and for nothing by a variable.
import { readFileSync } from "node:fs";
import {
  buildSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
  recommendedRules,
  specifiedRules,
  validate,
} from "graphql";

const { seed, count, written, dear } = JSON.parse(readFileSync(0, "utf8"));
const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

// A small generator of numbers, so that a run can be repeated (mulberry32's constants).
let state = seed;
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};
const chance = (of) => random() < of;
const one = (list) => list[Math.floor(random() * list.length)];
const SLIP = 0.004;

// What a scalar of the schema's own takes; what it does not is no question of validation.
const SCALARS = {
  Date: '"2026-05-01"',
  DateTime: '"2026-05-01T10:00:00Z"',
  LanguageTag: '"en"',
  Sha256: `"${"0".repeat(64)}"`,
  LocalTime: '"09:30"',
};
const names = Object.keys(schema.getTypeMap());

class Document {
  constructor() {
    this.fragments = new Map();
    this.variables = new Map();
    this.size = 0;
  }

  variable(type) {
    const known = [...this.variables.entries()];
    if (known.length > 0 && chance(0.2)) return `$${one(known)[0]}`;
    let written = String(type);
    if (chance(0.15)) written = written.replace(/!$/, "");
    if (chance(0.1)) written = `${written.replace(/!$/, "")}!`;
    if (chance(0.04)) written = `[${written}]`;
    if (chance(0.04)) written = written.replace(/^\[(.*)\]!?$/, "$1");
    if (chance(0.03)) written = one(["String", "ID!", "Int", "Boolean!", "[ID!]!", one(names)]);
    const name = `v${this.variables.size}`;
    const slip = chance(0.1);
    const initial = chance(0.1) && !isNonNullType(type) ? ` = ${slip ? "null" : this.literal(type, 3, false)}` : "";
    this.variables.set(name, `$${name}: ${written}${initial}`);
    return chance(SLIP) ? "$nowhere" : `$${name}`;
  }

  value(type, depth, variables = true) {
    if (variables && !dear && chance(0.2)) return this.variable(type);
    return this.literal(type, depth, variables);
  }

  literal(type, depth, variables = true) {
    if (chance(SLIP) && !SCALARS[getNamedType(type).name]) return one(["null", '"text"', "5", "2.5", "true", "NAME", "[]", "{}", "3000000000", "[[1]]"]);
    if (isNonNullType(type)) return this.literal(type.ofType, depth, variables);
    if (chance(0.02)) return "null";
    if (isListType(type)) {
      if (chance(0.2)) return this.value(type.ofType, depth + 1, variables);
      const items = Array.from({ length: Math.floor(random() * 3) }, () => this.value(type.ofType, depth + 1, variables));
      return `[${items.join(", ")}]`;
    }
    if (isEnumType(type)) return one(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const given = fields.filter((field) => (isRequiredInputField(field) ? !chance(SLIP) : depth < 3 && chance(0.2)));
      if (given.length > 0 && chance(0.01)) given.push(one(given));
      const said = given.map((field) => `${field.name}: ${this.value(field.type, depth + 1, variables)}`);
      if (chance(SLIP)) said.push("unknown: 1");
      return `{${said.join(", ")}}`;
    }
    switch (type.name) {
      case "Int":
        if (dear) return "100";
        return String(Math.floor(random() * 100));
      case "Float":
        return one(["1", "2.5", "-1e3"]);
      case "Boolean":
        return one(["true", "false"]);
      case "ID":
        return one(['"referral_1"', "7"]);
      case "String":
        return one(['"text"', '"""block"""', '""']);
      default:
        return SCALARS[type.name] ?? '"text"';
    }
  }

  directives() {
    if (!chance(0.06)) return "";
    if (chance(0.03)) return one([" @unknown", " @include", " @skip(if: 5)", " @include(if: true) @include(if: true)", " @skip(unless: true)", " @deprecated"]);
    const condition = dear || chance(0.5) ? one(["true", "false"]) : this.variable("Boolean!");
    return ` @${one(["skip", "include"])}(if: ${condition})`;
  }

  field(field, depth) {
    const given = field.args.filter((argument) => (isRequiredArgument(argument) ? !chance(SLIP) : chance(0.3)));
    if (given.length > 0 && chance(SLIP)) given.push(one(given));
    const said = given.map((argument) => `${argument.name}: ${this.value(argument.type, 0)}`);
    if (chance(SLIP)) said.push("unknown: 1");
    const alias = chance(0.15) ? `${one(["a", "b", "c", `x${this.size}`])}: ` : "";
    const written = `${alias}${field.name}${said.length > 0 ? `(${said.join(", ")})` : ""}${this.directives()}`;
    const type = getNamedType(field.type);
    const composite = isCompositeType(type) !== chance(SLIP);
    return composite ? `${written} ${this.selections(isCompositeType(type) ? type : schema.getQueryType(), depth + 1)}` : written;
  }

  selections(type, depth) {
    this.size += 1;
    const fields = type.getFields ? Object.values(type.getFields()) : [];
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
    const chosen = depth > 4 || this.size > 40 ? leaves : fields;
    const said = [];
    const wanted = 1 + Math.floor(random() * 3);
    for (let index = 0; index < wanted; index += 1) {
      const kind = random();
      if (kind < 0.06) said.push("__typename");
      else if (kind < 0.06 + SLIP) said.push("unknownField");
      else if (kind < 0.13 && depth <= 4) said.push(this.inline(type, depth));
      else if (kind < 0.2 && depth <= 4) said.push(this.spread(type));
      else if (chosen.length > 0) said.push(this.field(one(chosen), depth));
      else said.push("__typename");
    }
    return `{ ${said.join(" ")} }`;
  }

  // A type whose objects may be of this one; now and then one whose objects may not.
  related(type) {
    if (chance(0.03)) return schema.getType(one(names));
    const related = [type];
    if (isAbstractType(type)) related.push(...schema.getPossibleTypes(type));
    else related.push(...type.getInterfaces());
    return one(related);
  }

  inline(type, depth) {
    const on = this.related(type);
    const inner = isCompositeType(on) ? on : type;
    const condition = chance(0.2) && on === type ? "" : ` on ${on.name}`;
    return `...${condition}${this.directives()} ${this.selections(inner, depth + 1)}`;
  }

  spread(type) {
    const known = [...this.fragments.entries()].filter(([, fragment]) => fragment.on === type || chance(0.05));
    if (known.length > 0 && chance(0.5)) return `...${one(known)[0]}${this.directives()}`;
    const name = `f${this.fragments.size}`;
    const on = this.related(type);
    const fragment = { on: isCompositeType(on) ? on : type, said: "" };
    // Known before it is written: now and then it spreads itself.
    if (chance(0.1)) this.fragments.set(name, fragment);
    const body = this.selections(fragment.on, 3);
    fragment.said = `fragment ${name} on ${on.name} ${body}`;
    this.fragments.set(name, fragment);
    return chance(SLIP) ? "...nowhere" : `...${name}`;
  }

  write() {
    const mutation = !dear && chance(0.3);
    const root = mutation ? schema.getMutationType() : schema.getQueryType();
    let body = this.selections(root, 0);
    if (!mutation && chance(0.15)) {
      const about = chance(0.5) ? `__type(name: "Node") ${this.about("__Type", 0)}` : `__schema ${this.about("__Schema", 0)}`;
      body = `{ ${about} ${body.slice(1)}`;
    }
    if (!dear && chance(0.03)) this.variables.set("unused", "$unused: Int");
    const declared = this.variables.size > 0 ? `(${[...this.variables.values()].join(", ")})` : "";
    const named = declared || mutation || chance(0.5);
    const operation = named ? `${mutation ? "mutation" : "query"}${chance(0.7) ? " Operation" : ""}${declared} ${body}` : body;
    const said = [operation];
    if (chance(0.01)) this.fragments.set("lonely", { said: "fragment lonely on Query { __typename }" });
    for (const fragment of this.fragments.values()) said.push(fragment.said);
    if (chance(0.03)) said.push(one(["{ __typename }", "query Operation { __typename }", "query Other { __typename }", "type T { a: Int }"]));
    return said.join("\n");
  }

  // What the schema says about itself, list within list.
  about(name, depth) {
    const draft = (field) => name === "__Directive" && /deprecat/i.test(field.name);
    const fields = Object.values(schema.getType(name).getFields()).filter((field) => !draft(field));
    const leaves = fields.filter((field) => isLeafType(getNamedType(field.type)));
    const said = Array.from({ length: 2 }, () => {
      const field = one(depth > 5 ? leaves : fields);
      const type = getNamedType(field.type);
      // A directive cannot be deprecated, but in a draft.
      const deprecates = name !== "__Schema" && field.args.some((argument) => argument.name === "includeDeprecated");
      const given = deprecates && chance(0.3) ? "(includeDeprecated: true)" : "";
      return isCompositeType(type) ? `${field.name}${given} ${this.about(type.name, depth + 1)}` : `${field.name}${given}`;
    });
    return `{ ${said.join(" ")} }`;
  }
}

const rules = [...new Set([...specifiedRules, ...recommendedRules])];
const verdict = (document) => {
  try {
    const faults = validate(schema, parse(document), rules);
    return faults.length > 0 ? faults[0].message : null;
  } catch (fault) {
    return fault.message;
  }
};
const documents = [...written, ...Array.from({ length: count }, () => new Document().write())];
console.log(JSON.stringify(documents.map((document) => [document, verdict(document)])));
