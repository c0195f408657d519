// The explorer: asks Concord as one of the demo's personas, or with a token of your own, and shows what it answers.
//
// Whatever comes from the server reaches the page as text (`textContent`), never as markup. Tokens live in
// variables of this module only: nothing is written to storage, to the address or to the console.

import { examples, indent } from "./examples.js";

const byId = (id) => document.getElementById(id);

/** An element with its properties and children; strings among the children become text. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Shows `text` in the note `id`, or hides it where there is none. `tone` is "", "caution" or "bad". */
function say(id, text, tone = "") {
  const note = byId(id);
  note.className = `note ${tone}`;
  note.textContent = text;
  note.hidden = text === "";
}

// ------------------------------------------------------------------ asking

/** What came of a request: `json` where it was JSON, else `text`; `failure` where there was no answer at all. */
async function send(path, options) {
  const begun = performance.now();
  const since = () => Math.round(performance.now() - begun);
  try {
    const response = await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...options });
    const text = await response.text();
    const answer = {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      requestId: response.headers.get("x-request-id"),
      text,
      ms: since(),
    };
    try {
      answer.json = JSON.parse(text);
    } catch {
      answer.json = undefined;
    }
    return answer;
  } catch (fault) {
    return { failure: fault.name === "AbortError" ? "stopped" : "unreachable", ms: since() };
  }
}

function graphql(request, signal) {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  const token = caller.token();
  if (token) headers.authorization = `Bearer ${token}`;
  return send("/graphql", { method: "POST", headers, body: JSON.stringify(request), signal });
}

// ------------------------------------------------------------------ who asks

const ABOUT = {
  advocate: "Refers survivors to partners, and keeps the consents that each of them gave.",
  housing: "Receives referrals for a bed, and sees only what consent and MOU both cover.",
  police_liaison: "Receives referrals too; most of what an advocate knows stays closed to police.",
  legal_aid: "Represents survivors, for the purposes that its MOU and their consent name.",
  health: "Treats survivors; a consent has to name health records for them to travel.",
  coordinator: "Keeps the task force’s agencies and MOUs; sees no survivor’s record.",
  auditor: "Reads the audit log: ids and codes, nothing about a person.",
};

const caller = {
  personas: new Map(),
  chosen: null,
  pasted: "",
  persona() { return this.personas.get(this.chosen); },
  token() { return this.persona()?.token ?? this.pasted; },
  name() { return this.persona()?.agency ?? (this.pasted ? "your token’s agency" : "nobody"); },
  key() { return this.chosen ?? "pasted"; },
  scopes() { return this.persona()?.scopes ?? []; },
  /** Whether the token reaches one of `needed`'s letters ("referral.rs"); a pasted token is not read here, so it may. */
  reaches(needed) {
    if (!this.persona() || !needed) return true;
    const [resource, wanted] = needed.split(".");
    return this.scopes().some((scope) => {
      const [name, letters = ""] = scope.split("?")[0].split(".");
      return name === resource && [...wanted].some((letter) => letters.includes(letter));
    });
  },
  /** The first purpose that the token names, if it names any. */
  purpose() {
    const named = this.scopes().map((scope) => new URLSearchParams(scope.split("?")[1] ?? "").get("purpose"));
    return named.find(Boolean)?.split(",")[0];
  },
};

const title = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");

async function loadPersonas() {
  say("persona-note", "Looking for the demo’s personas…");
  byId("persona-retry").hidden = true;
  const answer = await send("/demo/personas", { headers: { accept: "application/json" } });

  const found = Object.entries(isObject(answer.json) ? answer.json : {})
    .filter(([, persona]) => typeof persona?.token === "string")
    .map(([key, { token, agency, scopes }]) => [
      key,
      { token, agency: String(agency ?? title(key)), scopes: Array.isArray(scopes) ? scopes.map(String) : [] },
    ]);
  caller.personas = new Map(answer.status === 200 ? found : []);
  if (!caller.personas.has(caller.chosen)) caller.chosen = caller.personas.keys().next().value ?? null;

  const [text, tone] = whyNoPersonas(answer);
  say("persona-note", text, tone);
  byId("persona-retry").hidden = tone !== "bad";
  if (answer.status === 404) tellDevelopment();
  showPersonas();
}

function whyNoPersonas(answer) {
  if (caller.personas.size > 0) return ["", ""];
  if (answer.failure) return ["The server does not answer. Is it running?", "bad"];
  if (answer.status === 404) return ["This server runs without the demo: paste a token of your own.", ""];
  if (answer.status === 200 && answer.json !== undefined) {
    return ["The demo has no personas yet. Try again, or paste a token.", "bad"];
  }
  return [`The demo’s personas could not be read (HTTP ${answer.status}). Try again, or paste a token.`, "bad"];
}

function tellDevelopment() {
  byId("banner").replaceChildren(
    make("strong", { textContent: "A development server, not a demo." }),
    " It is no place for real people’s records: use invented ones.",
  );
}

function showPersonas() {
  const some = caller.personas.size > 0;
  byId("personas").hidden = !some;
  byId("token-box").hidden = some;
  byId("personas").replaceChildren(...[...caller.personas].map(([key, { agency }]) => {
    const radio = make("input", { type: "radio", name: "persona", value: key, checked: key === caller.chosen });
    radio.addEventListener("change", () => choosePersona(key));
    return make("label", { className: "persona" }, radio,
      make("span", {}, title(key), make("small", { textContent: agency })));
  }));
  showCaller();
}

function choosePersona(key) {
  caller.chosen = key;
  showCaller();
}

function showCaller() {
  const about = ABOUT[caller.chosen] ?? "";
  byId("persona-about").textContent = about;
  byId("persona-about").hidden = !about;
  byId("scopes").hidden = caller.scopes().length === 0;
  byId("scope-list").replaceChildren(...caller.scopes().map((scope) => make("li", { textContent: scope })));
  showExamples();
}

// ------------------------------------------------------------------ what was seen

/** Objects that answers showed, by the caller who saw them and by id, so that examples can name one. */
const seen = new Map();

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function remember(value, by) {
  if (Array.isArray(value)) {
    for (const item of value) remember(item, by);
  } else if (isObject(value)) {
    if (typeof value.id === "string" && /^[a-z_]+_[0-9a-z]{26}$/.test(value.id)) {
      const mine = seen.get(by) ?? new Map();
      mine.set(value.id, { ...mine.get(value.id), ...value });
      seen.set(by, mine);
    }
    for (const item of Object.values(value)) remember(item, by);
  }
}

/** An id of this kind ("referral") that `suits`: first among what this caller saw, then among what others did. */
function recall(kind, suits = () => true) {
  const shelves = [seen.get(caller.key()), ...seen.values()].filter(Boolean);
  for (const shelf of shelves) {
    for (const [id, object] of shelf) {
      if (id.startsWith(`${kind}_`) && suits(object)) return id;
    }
  }
  return null;
}

// ------------------------------------------------------------------ examples

const EXAMPLES = examples({ recall, caller });

let shownExample = null;

function showExamples() {
  const button = (example) => {
    const element = make("button", { type: "button", className: "example" },
      `${example.name} `,
      example.changes ? make("span", { className: "tag", textContent: "changes data" }) : null,
      make("small", { textContent: example.about }));
    if (example === shownExample) element.setAttribute("aria-current", "true");
    element.addEventListener("click", () => useExample(example, element));
    return make("li", {}, element);
  };
  const list = (examples) => make("ul", {}, ...examples.map(button));
  const fitting = EXAMPLES.filter(({ needs }) => caller.reaches(needs));
  const others = EXAMPLES.filter(({ needs }) => !caller.reaches(needs));

  byId("examples").replaceChildren(list(fitting));
  if (others.length > 0) {
    byId("examples").append(make("h3", { textContent: "Beyond this token’s scopes" }), list(others));
  }
}

/** Marks the example that stands in the editor, or none. */
function markExample(example, button) {
  shownExample = example;
  for (const other of byId("examples").querySelectorAll(".example")) other.removeAttribute("aria-current");
  button?.setAttribute("aria-current", "true");
}

async function useExample(example, button) {
  markExample(example, button);

  // Where the schema cannot be had, the text is poorer but still runs.
  const schema = example.followsSchema ? await loadSchema() : null;
  if (shownExample !== example) return;

  const filled = Object.entries(example.fill ?? {}).map(([name, value]) => [name, value()]);
  const missing = filled.filter(([, value]) => value === null).map(([name]) => name);
  const given = Object.fromEntries(filled.filter(([, value]) => value !== undefined).map(([k, v]) => [k, v ?? ""]));
  rewrite(byId("variables"), Object.keys(given).length > 0 ? JSON.stringify(given, null, 2) : "");
  rewrite(byId("query"), example.text(schema));
  byId("query").setSelectionRange(0, 0);
  byId("query").scrollTop = 0;
  checkVariables();
  showOperation();
  say("example-note", missing.length > 0
    ? `No suitable ${missing.join(", ")} was seen yet. Run “${example.first}” first and choose this again, or write one into the variables.`
    : "", "caution");
}

// ------------------------------------------------------------------ the editors

/** Replaces what is selected as if typed, so that the browser's undo still brings the old text back. */
function type(editor, text) {
  editor.focus();
  const done = text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text);
  if (!done) editor.setRangeText(text, editor.selectionStart, editor.selectionEnd, "end");
}

function rewrite(editor, text) {
  if (editor.value === text) return;
  editor.focus();
  editor.select();
  type(editor, text);
}

/** Tab indents; Escape lets the next Tab leave, so that the keyboard is never held captive. */
function keepTabs(editor) {
  let leaving = false;
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaving = true;
      return;
    }
    if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && !leaving) {
      event.preventDefault();
      type(editor, "  ");
    }
    if (event.key !== "Shift") leaving = false;
  });
  editor.addEventListener("focus", () => { leaving = false; });
}

/** The variables, `undefined` where there are none; throws an Error whose message is for the reader. */
function readVariables() {
  const text = byId("variables").value;
  if (text.trim() === "") return undefined;
  let variables;
  try {
    variables = JSON.parse(text);
  } catch (fault) {
    throw new Error(`The variables are not JSON: ${fault.message}. Names and texts stand in "double quotes", no comma after the last.`);
  }
  if (!isObject(variables)) throw new Error('The variables have to be one JSON object, such as { "id": "…" }.');
  return variables;
}

function checkVariables() {
  let fault = "";
  try {
    readVariables();
  } catch (error) {
    fault = error.message;
  }
  say("variables-fault", fault, "bad");
  byId("variables").setAttribute("aria-invalid", String(fault !== ""));
  return fault === "";
}

/** The operations of a document: kind, name, and where each begins and ends. Texts and comments are stepped over. */
function operationsOf(text) {
  const marks = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#.*|[{}()[\]]|\b(query|mutation|subscription|fragment)\b(?:\s+(\w+))?/g;
  const found = [];
  let depth = 0;
  let open = null;
  for (const mark of text.matchAll(marks)) {
    if (depth === 0 && mark[1]) open = { kind: mark[1], name: mark[2], start: mark.index };
    if ("{([".includes(mark[0])) {
      if (depth === 0 && mark[0] === "{") open ??= { kind: "query", name: undefined, start: mark.index };
      depth += 1;
    } else if ("})]".includes(mark[0])) {
      depth = Math.max(0, depth - 1);
      if (depth === 0 && mark[0] === "}" && open) {
        found.push({ ...open, end: mark.index + 1 });
        open = null;
      }
    }
  }
  return found.filter(({ kind }) => kind !== "fragment");
}

/** The name of the operation to run: where there are several, the one that holds the cursor. */
function chosenOperation() {
  const { value, selectionStart } = byId("query");
  const operations = operationsOf(value);
  if (operations.length < 2) return undefined;
  return (operations.find(({ end }) => selectionStart <= end) ?? operations.at(-1)).name;
}

function showOperation() {
  const name = chosenOperation();
  byId("operation").textContent = name ? `runs ${name}, at the cursor` : "";
}

// ------------------------------------------------------------------ running

let running = null;
let lastText = "";

async function run() {
  if (running) return;
  if (!checkVariables()) {
    byId("variables").focus();
    return;
  }
  const request = { query: byId("query").value, variables: readVariables(), operationName: chosenOperation() };
  if (request.query.trim() === "") {
    say("example-note", "There is nothing to run yet: choose an example, or write a query.", "caution");
    return;
  }

  const asked = { name: caller.name(), key: caller.key() };
  running = new AbortController();
  const ticking = showRunning();
  const answer = await graphql(request, running.signal);
  clearInterval(ticking);
  running = null;
  showRested();
  remember(answer.json?.data, asked.key);
  showAnswer(answer, asked.name);
}

function showRunning() {
  const begun = performance.now();
  const button = byId("run");
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  button.textContent = "Running…";
  byId("stop").hidden = false;
  byId("answer").classList.add("stale");
  byId("said").textContent = "Running.";
  // A quick answer should not make the button flicker through numbers.
  return setInterval(() => {
    const seconds = (performance.now() - begun) / 1000;
    if (seconds >= 1) button.textContent = `Running… ${seconds.toFixed(0)} s`;
  }, 250);
}

function showRested() {
  const button = byId("run");
  const hadStop = document.activeElement === byId("stop");
  button.disabled = false;
  button.removeAttribute("aria-busy");
  button.textContent = "Run";
  byId("stop").hidden = true;
  if (hadStop) button.focus();
  byId("answer").classList.remove("stale");
}

// ------------------------------------------------------------------ the answer

function showAnswer(answer, as) {
  byId("answer-as").textContent = `as ${as}`;
  showFacts(answer);
  const problems = problemsIn(answer);
  byId("errors").replaceChildren(...problems);
  byId("errors").hidden = problems.length === 0;

  const pretty = answer.json === undefined ? answer.text ?? "" : JSON.stringify(answer.json, null, 2);
  lastText = pretty;
  byId("copy-answer").disabled = pretty === "";
  byId("body").replaceChildren(answer.json === undefined ? pretty : coloured(pretty));
  byId("body").classList.toggle("long", pretty.length > COLOURED_AT_MOST);
  byId("body").scrollTop = 0;
  if (byId("answer").getBoundingClientRect().top > innerHeight * 0.7) byId("answer").scrollIntoView();
  byId("said").textContent = answer.failure
    ? "No answer."
    : `Answered: HTTP ${answer.status}, ${problems.length === 1 ? "1 error" : `${problems.length} errors`}.`;
}

function showFacts({ failure, status, ms, requestId, text }) {
  const good = status >= 200 && status < 300;
  const facts = failure
    ? [["Time", `${ms} ms`]]
    : [["HTTP", String(status), good ? "status" : "status bad"], ["Time", `${ms} ms`],
      ["Size", size(text.length)], ["Request id", requestId ?? "none"]];
  byId("facts").replaceChildren(...facts.map(([term, value, className = ""]) => make("div", {},
    make("dt", { textContent: term }), make("dd", { textContent: value, className }))));
  byId("facts").hidden = false;
}

const size = (characters) => (characters < 10_000 ? `${characters} B` : `${Math.round(characters / 1000)} kB`);

/** What went wrong, each as a block of its own: first what HTTP or the network say, then the answer's errors. */
function problemsIn(answer) {
  if (answer.failure === "stopped") {
    return [problem("STOPPED", "You stopped waiting. A change may have been made all the same: look before you run it again.")];
  }
  if (answer.failure) return [problem("NO ANSWER", "The server does not answer. Is it running, and is it the one that served this page?")];
  const errors = Array.isArray(answer.json?.errors) ? answer.json.errors : [];
  const problems = errors.map(showError);
  if (answer.status === 401) problems.push(unauthenticated());
  if (answer.json === undefined) {
    problems.push(problem("NOT JSON", `The answer is not JSON but ${answer.type || "of no stated type"}. Does a proxy stand between? It is shown below as it came.`));
  } else if (errors.length === 0 && !isObject(answer.json?.data)) {
    problems.push(problem(`HTTP ${answer.status}`, "This JSON is not a GraphQL answer: it has neither data nor errors."));
  }
  return problems;
}

function problem(code, text, ...more) {
  return make("div", { className: "error" }, make("span", { className: "code", textContent: code }), make("div", { textContent: text }), ...more);
}

function showError(error) {
  const { code, ...others } = isObject(error?.extensions) ? error.extensions : {};
  const places = [
    Array.isArray(error?.path) ? `at ${error.path.join(".")}` : "",
    ...(Array.isArray(error?.locations) ? error.locations.map(({ line, column }) => `line ${line}, column ${column}`) : []),
  ].filter(Boolean).join("; ");
  return problem(String(code ?? "ERROR"), String(error?.message ?? "an error without a message"),
    places ? make("div", { className: "where", textContent: places }) : null,
    Object.keys(others).length > 0 ? make("pre", { textContent: JSON.stringify(others, null, 2) }) : null);
}

function unauthenticated() {
  const button = make("button", { type: "button" });
  if (caller.persona()) {
    button.textContent = "Fetch fresh tokens";
    button.addEventListener("click", async () => {
      await loadPersonas();
      if (caller.persona()) button.textContent = "Fetched: run it again";
    });
    return problem("HTTP 401", "The demo’s tokens last a while only; this one may have run out.", button);
  }
  button.textContent = "Go to the token";
  button.addEventListener("click", () => byId("token").focus());
  return problem("HTTP 401", caller.pasted
    ? "The server does not accept this token: it may have run out, been revoked, or be of another server."
    : "There is no token yet: paste one on the left of the page, or above on a narrow screen.", button);
}

// Beyond this many characters colours and wrapping would make the page wait.
const COLOURED_AT_MOST = 300_000;

/** Printed JSON with its tokens in spans. */
function coloured(text) {
  const fragment = document.createDocumentFragment();
  if (text.length > COLOURED_AT_MOST) {
    fragment.append(text);
    return fragment;
  }
  let from = 0;
  for (const token of text.matchAll(/("(?:\\.|[^"\\])*")(?=(:)?)|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g)) {
    const [word, string, colon] = token;
    const className = string ? (colon ? "k" : "s") : /^[tfn]/.test(word) ? "w" : "n";
    fragment.append(text.slice(from, token.index), make("span", { className, textContent: word }));
    from = token.index + word.length;
  }
  fragment.append(text.slice(from));
  return fragment;
}

async function copy(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  button.disabled = true;
  setTimeout(() => {
    button.textContent = label;
    button.disabled = false;
  }, 1500);
}

/** The operation as a shell command. The token stays out of it: it would end up in a shell's history. */
function asCurl() {
  const request = { query: byId("query").value, variables: readVariables(), operationName: chosenOperation() };
  const quoted = `'${JSON.stringify(request).replaceAll("'", "'\\''")}'`;
  return [
    `curl -sS '${location.origin}/graphql' \\`,
    "  -H 'content-type: application/json' -H 'accept: application/graphql-response+json' \\",
    '  -H "authorization: Bearer $CONCORD_TOKEN" \\',
    `  --data-raw ${quoted}`,
  ].join("\n");
}

// ------------------------------------------------------------------ the schema

const INTROSPECTION = `query Schema {
  __schema {
    queryType { name }
    mutationType { name }
    types {
      kind name description
      fields { name description type { ...Named } args { name description defaultValue type { ...Named } } }
      inputFields { name description defaultValue type { ...Named } }
      enumValues { name description }
    }
  }
}
fragment Named on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const spell = (type) =>
  type.kind === "NON_NULL" ? `${spell(type.ofType)}!` : type.kind === "LIST" ? `[${spell(type.ofType)}]` : type.name;
const bare = (type) => (type.ofType ? bare(type.ofType) : type);
const required = ({ type, defaultValue }) => type.kind === "NON_NULL" && defaultValue === null;

/** A schema that was introspected: what the panel lists, and skeletons of selections. */
class Schema {
  constructor(introspected) {
    this.types = new Map(introspected.types.map((each) => [each.name, each]));
    this.query = introspected.queryType?.name;
    this.mutation = introspected.mutationType?.name;
  }

  fieldsOf(name) { return this.types.get(name)?.fields ?? []; }

  isComposite(type) { return ["OBJECT", "INTERFACE", "UNION"].includes(bare(type).kind); }

  /**
   * `field` with a selection, or "" where that goes too deep. Fields with arguments stay out: they are what costs, such
   * as a package, whose reading is a disclosure that nobody should cause by clicking.
   */
  select(field, depth) {
    if (field.args.length > 0) return "";
    if (!this.isComposite(field.type)) return field.name;
    const body = depth > 0 ? this.body(bare(field.type).name, depth - 1) : "";
    if (body === "") return "";
    const line = `${field.name} { ${body.replaceAll("\n", " ")} }`;
    return line.length <= 88 ? line : `${field.name} {\n  ${indent(body, 1)}\n}`;
  }

  /** What a skeleton selects from the type `name`. A connection gives its nodes, for they are what one came for. */
  body(name, depth) {
    const fields = this.fieldsOf(name);
    const edges = fields.find((field) => field.name === "edges");
    if (edges) {
      const node = this.fieldsOf(bare(edges.type).name).find((field) => field.name === "node");
      const inner = node ? this.body(bare(node.type).name, 1) : "";
      return `edges {\n  node {\n    ${indent(inner || "__typename", 2)}\n  }\n}\npageInfo { hasNextPage endCursor }`;
    }
    return fields.map((field) => this.select(field, depth)).filter(Boolean).join("\n");
  }

  /** A whole operation for one root field, and the variables that it asks for. */
  skeleton(kind, field, name) {
    const args = field.args.filter(required);
    const declared = args.map((arg) => `$${arg.name}: ${spell(arg.type)}`).join(", ");
    const passed = args.map((arg) => `${arg.name}: $${arg.name}`);
    if (field.args.some((arg) => arg.name === "first")) passed.push("first: 20");
    const body = this.isComposite(field.type) ? ` {\n    ${indent(this.body(bare(field.type).name, 1) || "__typename", 2)}\n  }` : "";
    return {
      text: `${kind} ${name}${declared ? `(${declared})` : ""} {\n  ${field.name}${passed.length > 0 ? `(${passed.join(", ")})` : ""}${body}\n}`,
      variables: Object.fromEntries(args.map((arg) => [arg.name, this.blank(arg.type)])),
    };
  }

  /** A value to begin from: the right shape, with the first of an enum's values. */
  blank(type, depth = 3) {
    if (type.kind === "NON_NULL") return this.blank(type.ofType, depth);
    if (type.kind === "LIST") return [];
    const { kind, name, enumValues, inputFields } = this.types.get(type.name) ?? {};
    if (kind === "ENUM") return enumValues[0]?.name ?? "";
    if (kind === "INPUT_OBJECT") {
      const wanted = depth > 0 ? inputFields.filter(required) : [];
      return Object.fromEntries(wanted.map((field) => [field.name, this.blank(field.type, depth - 1)]));
    }
    return { Boolean: false, Int: 0, Float: 0 }[name] ?? "";
  }
}

let schemaAsked = null;
let schemaFault = "";

/** The schema, asked for once; null where it could not be had, and then the next call asks again. */
function loadSchema() {
  schemaAsked ??= graphql({ query: INTROSPECTION, operationName: "Schema" }).then((answer) => {
    const introspected = answer.json?.data?.__schema;
    if (introspected) return new Schema(introspected);
    schemaAsked = null;
    schemaFault = answer.failure
      ? "The server does not answer. Is it running?"
      : answer.json?.errors?.[0]?.message ?? `HTTP ${answer.status}, without a schema.`;
    return null;
  });
  return schemaAsked;
}

async function openSchema() {
  byId("schema").hidden = false;
  byId("schema-toggle").setAttribute("aria-expanded", "true");
  byId("schema-search").focus();
  await fillSchema();
}

function closeSchema() {
  byId("schema").hidden = true;
  byId("schema-toggle").setAttribute("aria-expanded", "false");
}

async function fillSchema() {
  if (byId("schema-list").childElementCount > 0) return;
  byId("schema-retry").hidden = true;
  say("schema-note", "Asking the server for its schema…");
  const schema = await loadSchema();
  say("schema-note", schema ? "" : `The schema could not be read. ${schemaFault}`, "bad");
  byId("schema-retry").hidden = schema !== null;
  if (schema) showSchema(schema);
}

/** An entry of the panel; `words` is what the search looks through. */
function entry(words, ...children) {
  const element = make("div", { className: "entry" }, ...children);
  element.dataset.words = words.filter(Boolean).join(" ").toLowerCase();
  return element;
}

function member({ name, description, type, defaultValue }, schema) {
  const values = type ? schema.types.get(bare(type).name)?.enumValues : null;
  const mark = (defaultValue ?? null) === null ? "" : ` = ${defaultValue}`;
  return make("li", {}, make("code", { textContent: type ? `${name}: ${spell(type)}${mark}` : name }),
    description ? make("div", { className: "quiet", textContent: description }) : null,
    values ? make("div", { className: "quiet", textContent: values.map((value) => value.name).join(" · ") }) : null);
}

function showSchema(schema) {
  const operations = (heading, kind, root) => [heading, schema.fieldsOf(root).map((field) => {
    const button = make("button", { type: "button", textContent: field.name, title: "Insert a skeleton into the editor" });
    button.addEventListener("click", () => insertSkeleton(schema, kind, field));
    return entry([field.name, field.description, spell(field.type), ...field.args.flatMap((arg) => [arg.name, spell(arg.type)])],
      button, make("span", { className: "type", textContent: ` ${spell(field.type)}` }),
      field.description ? make("p", { textContent: field.description }) : null,
      field.args.length > 0 ? make("ul", {}, ...field.args.map((arg) => member(arg, schema))) : null);
  })];
  const types = [...schema.types.values()]
    .filter(({ name, kind }) => kind !== "SCALAR" && !/^__|^PageInfo$|^Subscription$|(Connection|Edge)$/.test(name))
    .filter(({ name }) => name !== schema.query && name !== schema.mutation)
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((each) => {
      const members = each.fields ?? each.inputFields ?? each.enumValues ?? [];
      return entry([each.name, each.description, ...members.flatMap(({ name, description }) => [name, description])],
        make("details", {}, make("summary", { textContent: each.name }),
          each.description ? make("p", { textContent: each.description }) : null,
          make("ul", {}, ...members.map((one) => member(one, schema)))));
    });

  byId("schema-list").replaceChildren(...[
    operations("Queries", "query", schema.query), operations("Mutations", "mutation", schema.mutation), ["Types", types],
  ].filter(([, entries]) => entries.length > 0)
    .map(([heading, entries]) => make("section", {}, make("h3", { textContent: heading }), ...entries)));
  searchSchema();
}

function searchSchema() {
  const words = byId("schema-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of byId("schema-list").children) {
    const entries = [...section.querySelectorAll(".entry")];
    for (const each of entries) {
      each.hidden = !words.every((word) => each.dataset.words.includes(word));
      shown += each.hidden ? 0 : 1;
    }
    section.hidden = entries.every((each) => each.hidden);
  }
  if (byId("schema-list").childElementCount > 0) say("schema-note", shown === 0 ? "Nothing in the schema matches." : "");
}

/** Adds the operation below what is there, so that nothing is lost, with the cursor in it, so that it is what runs. */
function insertSkeleton(schema, kind, field) {
  const editor = byId("query");
  const taken = new Set(operationsOf(editor.value).map(({ name }) => name));
  const plain = field.name.charAt(0).toUpperCase() + field.name.slice(1);
  let name = plain;
  for (let count = 2; taken.has(name); count += 1) name = `${plain}${count}`;
  const { text, variables } = schema.skeleton(kind, field, name);

  let known = {};
  try {
    known = readVariables() ?? {};
  } catch {
    known = null;
  }
  // Variables that are not JSON are left as they are: the message beside them says what to mend.
  if (known && Object.keys(variables).length > 0) rewrite(byId("variables"), JSON.stringify({ ...variables, ...known }, null, 2));
  checkVariables();

  const before = editor.value.trimEnd();
  const whole = before === "" || anonymousOnly(before);
  const start = whole ? 0 : before.length + 2;
  rewrite(editor, whole ? `${text}\n` : `${before}\n\n${text}\n`);
  editor.setSelectionRange(start, start + text.indexOf("\n"));
  editor.scrollTop = editor.scrollHeight;
  showOperation();
  say("example-note", "");
  markExample(null);
  if (getComputedStyle(byId("schema")).position === "fixed") closeSchema();
  editor.focus();
}

/** Whether the document's only operation has no name: then nothing may stand beside it, so it is replaced. */
function anonymousOnly(text) {
  return operationsOf(text).some(({ name }) => name === undefined);
}

// ------------------------------------------------------------------ beginning

for (const editor of [byId("query"), byId("variables")]) keepTabs(editor);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
byId("variables").addEventListener("input", checkVariables);
for (const happening of ["input", "keyup", "click", "focus"]) byId("query").addEventListener(happening, showOperation);
byId("run").addEventListener("click", run);
byId("stop").addEventListener("click", () => running?.abort());
byId("token").addEventListener("input", (event) => { caller.pasted = event.target.value.trim().replace(/^Bearer\s+/i, ""); });
byId("persona-retry").addEventListener("click", loadPersonas);
byId("copy-answer").addEventListener("click", () => copy(byId("copy-answer"), lastText));
byId("copy-curl").addEventListener("click", () => {
  if (checkVariables()) copy(byId("copy-curl"), asCurl());
  else byId("variables").focus();
});
byId("schema-toggle").addEventListener("click", () => (byId("schema").hidden ? openSchema() : closeSchema()));
byId("schema-close").addEventListener("click", () => {
  closeSchema();
  byId("schema-toggle").focus();
});
byId("schema").addEventListener("keydown", (event) => {
  if (event.key === "Escape") byId("schema-close").click();
});
byId("schema-search").addEventListener("input", searchSchema);
byId("schema-retry").addEventListener("click", fillSchema);

// The first example stands in the editor without being typed there, so that the page does not take the focus.
shownExample = EXAMPLES[0];
byId("query").value = EXAMPLES[0].text();
await loadPersonas();
