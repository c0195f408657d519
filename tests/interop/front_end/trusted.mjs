// A front-end whose build makes a list of its documents, by Relay's compiler and for Apollo's link, and which then sends
// hashes alone. Asked for the lists, it writes them; otherwise it runs.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { print } from "graphql";
import { compile } from "./relay_compiler.mjs";
import { codes, folder, operations, recipient, resource, token, wanted } from "./session.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const inbox = operations.InboxPageQuery;
const client = (link) => new ApolloClient({ cache: new InMemoryCache(), link });
const lists = { relay: join(folder, "relay.json"), apollo: join(folder, "apollo.json") };

if (wanted === "lists") {
  // As `generate-persisted-query-manifest` does: what a client would send, once its cache has had its way with it.
  const operationsSent = [];
  const recording = new ApolloLink(({ query, operationName: name }) => {
    const body = print(query);
    operationsSent.push({ id: sha256(body), name, type: "query", body });
    return new Observable((observer) => observer.complete());
  });
  await client(recording).query({ query: inbox, variables: { first: 1 } }).catch(() => null);
  const manifest = { format: "apollo-persisted-query-manifest", version: 1, operations: operationsSent };
  writeFileSync(lists.apollo, JSON.stringify(manifest));
  // The compiler adds to a list that is there.
  writeFileSync(lists.relay, "{}");
  const { load } = compile(folder, { file: lists.relay, algorithm: "SHA256" });
  const { params } = load("HomePageQuery");
  writeFileSync(join(folder, "home.json"), JSON.stringify({ id: params.id, text: params.text }));
  console.log(JSON.stringify({ apollo: operationsSent.length, relay: Object.keys(JSON.parse(readFileSync(lists.relay))).length > 5 }));
} else {
  const authorization = `Bearer ${await token(recipient)}`;
  const sent = [];
  const http = new HttpLink({
    uri: resource,
    headers: { authorization },
    fetch: (url, request) => {
      sent.push(JSON.parse(request.body).query ? "document" : "hash");
      return fetch(url, request);
    },
  });
  const apollo = client(ApolloLink.from([new PersistedQueryLink({ sha256 }), http]));
  const { data } = await apollo.query({ query: inbox, variables: { first: 1 } });
  const other = await apollo.query({ query: operations.MousPageQuery }).catch((error) => error);

  const posts = async (body) => {
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(resource, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
  };
  // Relay's network sends the `id` of what its compiler made, and has no text.
  const { id, text } = JSON.parse(readFileSync(join(folder, "home.json")));
  const home = await posts({ documentId: id });
  const introspection = await posts({ query: "{ __schema { queryType { name } } }" });
  console.log(
    JSON.stringify({
      apollo: { sent: sent.slice(0, 1), rows: data.referrals.edges.length },
      other: CombinedGraphQLErrors.is(other) && codes(other.errors),
      relay: { text, agency: home.data.viewer.agency.name },
      introspection: codes(introspection.errors),
    }),
  );
}
