// What the programs of a partner's front-end share: whom they speak to, and a token by `openid-client` as it is.
import "../webcrypto.mjs";
import { text } from "node:stream/consumers";
import { parse, separateOperations } from "graphql";
import * as openid from "openid-client";
import { documents } from "./documents.mjs";

// Whatever happens, this ends.
setTimeout(() => {
  console.error("a minute was not enough");
  process.exit(2);
}, 60_000).unref();

export const { issuer, resource, recipient, sender, folder, wanted } = JSON.parse(await text(process.stdin));
const options = {
  algorithm: "oauth2",
  // The server under test listens on the loopback, in clear.
  execute: [openid.allowInsecureRequests],
};

// An agency's program, as the server's metadata says to speak to it.
export function discovers({ client_id, secret }) {
  const basic = openid.ClientSecretBasic(secret);
  return openid.discovery(new URL(issuer), client_id, undefined, basic, options);
}

export async function token(application) {
  const { scope } = application;
  const { access_token } = await openid.clientCredentialsGrant(await discovers(application), { scope, resource });
  return access_token;
}

// The front-end's operations, each a document with the fragments that it spreads.
export const operations = separateOperations(parse(documents().map(({ text }) => text).join("\n")));
export const ids = (connection) => connection.edges.map(({ node }) => node.id);
export const codes = (errors) => errors.map(({ path, extensions }) => `${path?.join(".") ?? "request"}: ${extensions?.code}`);

// Where a referral stands, and what its reader may do next.
export const answered = ({ status, allowedActions }) => `${status}, then ${allowedActions.join(", ") || "nothing"}`;

// Pages of a list, from its beginning and from its end, held against the whole: how many entries are the same.
export function walked(all, forwards, back) {
  const same = (some, others) => JSON.stringify(some) === JSON.stringify(others);
  return {
    forwards: same(forwards, all.slice(0, forwards.length)) && forwards.length,
    back: same(back, all.slice(-back.length)) && back.length,
    apart: all.length > forwards.length + back.length,
  };
}
