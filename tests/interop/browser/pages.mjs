// Pages of three origins, each on a port of its own: of a partner's front-end, of another application's, and of a stranger.
// What each may ask and read is for a browser to say.
import { createServer } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { start } from "./chromium.mjs";

// Whatever happens, this ends.
setTimeout(() => {
  console.error("a minute was not enough");
  process.exit(2);
}, 60_000).unref();

const { issuer, resource, folder, desk, other, stranger, application } = JSON.parse(await text(process.stdin));
const inbox = JSON.stringify({ query: "{ referrals(box: INBOX, first: 2) { edges { node { id } } } }" });
const writes = 'mutation { registerSurvivor(survivor: { pseudonym: "by stealth", ageGroup: ADULT }) { id } }';

const servers = [desk, other, stranger].map((origin) => {
  const { hostname, port } = new URL(origin);
  const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html>"));
  return server.listen(Number(port), hostname);
});
await Promise.all(servers.map((server) => once(server, "listening")));

const basic = Buffer.from(`${application.client_id}:${application.secret}`).toString("base64");
const form = new URLSearchParams({ grant_type: "client_credentials", scope: application.scope, resource }).toString();
const issued = await fetch(`${issuer}/oauth/token`, {
  method: "POST",
  headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
  body: form,
});
const { access_token: token } = await issued.json();

// Runs in a page: what it can read of the answer to a request.
async function asks(url, request) {
  try {
    const answer = await fetch(url, request);
    if (answer.type === "opaque") return { opaque: true };
    const body = await answer.json().catch(() => null);
    return {
      status: answer.status,
      requestId: answer.headers.get("x-request-id")?.length ?? null,
      challenge: answer.headers.get("www-authenticate")?.split(" ", 1)[0] ?? null,
      codes: body?.errors?.map(({ extensions }) => extensions.code) ?? [],
      rows: body?.data?.referrals?.edges.length ?? null,
      issuer: body?.issuer ?? null,
    };
  } catch (fault) {
    return { failed: fault.name };
  }
}

const graphql = (bearer, more = {}) => {
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  // Sent by Apollo Client and by tracing of themselves: a browser asks leave for each.
  const sent = { "apollo-require-preflight": "true", traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` };
  const authorization = bearer && { authorization: `Bearer ${bearer}` };
  return { method: "POST", headers: { ...headers, ...sent, ...authorization }, body: inbox, ...more };
};
const stealth = (mode) => ({
  method: "POST",
  mode,
  headers: { "content-type": "text/plain" },
  body: JSON.stringify({ query: writes }),
});
const metadata = `${issuer}/.well-known/oauth-authorization-server`;

const browser = await start(folder);
const told = {};
try {
  const [ofDesk, ofOther, ofStranger] = await Promise.all([desk, other, stranger].map(browser.open));
  told.desk = {
    inbox: await ofDesk(asks, resource, graphql(token)),
    badToken: await ofDesk(asks, resource, graphql("nonsense")),
    noToken: await ofDesk(asks, resource, graphql()),
    withCookies: await ofDesk(asks, resource, graphql(token, { credentials: "include" })),
    asText: await ofDesk(asks, resource, stealth("cors")),
    tokenEndpoint: await ofDesk(asks, `${issuer}/oauth/token`, { method: "POST", body: form }),
    metadata: (await ofDesk(asks, metadata, {})).issuer === issuer,
  };
  told.other = { inbox: await ofOther(asks, resource, graphql(token)) };
  told.stranger = {
    inbox: await ofStranger(asks, resource, graphql(token)),
    asText: await ofStranger(asks, resource, stealth("cors")),
    blindly: await ofStranger(asks, resource, stealth("no-cors")),
    metadata: (await ofStranger(asks, metadata, {})).issuer === issuer,
  };

  const explorer = await browser.open(`${issuer}/`);
  told.explorer = await explorer(async () => {
    const soon = async (is) => {
      for (let tries = 0; tries < 200 && !is(); tries += 1) await new Promise((next) => setTimeout(next, 50));
      return is();
    };
    const personas = () => document.querySelectorAll("#personas label").length;
    await soon(() => personas() > 0 && document.getElementById("query").value !== "");
    document.getElementById("run").click();
    await soon(() => !document.getElementById("facts").hidden);
    const { data, errors } = JSON.parse(document.getElementById("body").textContent);
    return { personas: personas(), answered: data !== null && errors === undefined };
  });
} finally {
  await browser.close();
  servers.forEach((server) => server.close());
}
console.log(JSON.stringify(told));
