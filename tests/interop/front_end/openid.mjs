// `openid-client` as it is: discovery, client credentials, token exchange, and a request with what it got.
import * as openid from "openid-client";
import { codes, discovers, issuer, recipient, resource } from "./session.mjs";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const NARROW = "referral.rs?category=NEEDS&purpose=HOUSING_PLACEMENT";

const { scope } = recipient;
const client = await discovers(recipient);

async function viewer(token) {
  const body = JSON.stringify({ query: "{ viewer { subject scopes } }" });
  const headers = new Headers({ "content-type": "application/json" });
  const answer = await openid.fetchProtectedResource(client, token, new URL(resource), "POST", body, headers);
  return (await answer.json()).data.viewer;
}

async function refused(attempt) {
  try {
    await attempt();
  } catch (refusal) {
    const { status, error, cause } = refusal;
    if (!Array.isArray(cause)) return { status, error };
    const { errors } = await refusal.response.json();
    return { status, challenges: cause.map(({ scheme, parameters }) => `${scheme} ${parameters.error}`), errors: codes(errors) };
  }
  throw new Error("this should have been refused");
}

const metadata = client.serverMetadata();
const broad = await openid.clientCredentialsGrant(client, { scope, resource });
const exchange = (parameters) =>
  openid.genericGrantRequest(client, EXCHANGE, {
    subject_token: broad.access_token,
    subject_token_type: ACCESS_TOKEN,
    ...parameters,
  });
const mine = await exchange({ scope: NARROW, requested_subject: "ana" });
const seen = await openid.tokenIntrospection(client, mine.access_token);
await openid.tokenRevocation(client, mine.access_token);

console.log(
  JSON.stringify({
    discovered: metadata.issuer === issuer,
    clientCredentials: { type: broad.token_type, minutes: Math.ceil(broad.expiresIn() / 60), scope: (broad.scope ?? scope) === scope },
    exchanged: { issued: mine.issued_token_type, type: mine.token_type, active: seen.active, subject: seen.sub, scope: seen.scope },
    broad: (await viewer(broad.access_token)).scopes.join(" ") === scope,
    revoked: await refused(() => viewer(mine.access_token)),
    wider: await refused(() => exchange({ scope: "consent.c" })),
  }),
);
