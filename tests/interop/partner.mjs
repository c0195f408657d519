// A partner's program, made of OAuth libraries that Concord's authors did not write. It reads on standard input whom
// it speaks to and as which applications, lives through a token's life, and prints what it was told as one JSON object.
import "./webcrypto.mjs";
import { text } from "node:stream/consumers";
import * as jose from "jose";
import * as oauth from "oauth4webapi";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const VIEWER = "{ viewer { agency { name } subject scopes } }";

// Whatever happens, this ends.
setTimeout(() => {
  console.error("a minute was not enough");
  process.exit(2);
}, 60_000).unref();

const { issuer, resource, byES256, byEdDSA, bySecret, scope, narrow, wider, person } = JSON.parse(await text(process.stdin));
// The server under test listens on the loopback, in clear.
const plain = { [oauth.allowInsecureRequests]: true };
const told = {};

// ---------------------------------------------------------------- discovery

const issuerUrl = new URL(issuer);
const as = await oauth
  .discoveryRequest(issuerUrl, { ...plain, algorithm: "oauth2" })
  .then((answer) => oauth.processDiscoveryResponse(issuerUrl, answer));
const resourceUrl = new URL(resource);
const protectedResource = await oauth
  .resourceDiscoveryRequest(resourceUrl, plain)
  .then((answer) => oauth.processResourceDiscoveryResponse(resourceUrl, answer));
told.discovery = {
  issuer: as.issuer === issuer,
  resource: protectedResource.resource === resource,
  resourceTrustsIssuer: protectedResource.authorization_servers?.includes(issuer) ?? false,
  grants: [...(as.grant_types_supported ?? [])].sort(),
  authentication: [...(as.token_endpoint_auth_methods_supported ?? [])].sort(),
  proofs: as.dpop_signing_alg_values_supported?.includes("ES256") ?? false,
};
const keys = jose.createRemoteJWKSet(new URL(as.jwks_uri));

// ---------------------------------------------------------------- applications

async function application({ client_id, key, secret }) {
  const client = { client_id };
  if (secret !== undefined) return { client, authentication: oauth.ClientSecretBasic(secret) };
  const named = { key: await jose.importJWK(key, key.alg), kid: key.kid };
  const authentication = oauth.PrivateKeyJwt(named, {
    // The library writes RFC 9864's `Ed25519`. A server that offers only RFC 8037's `EdDSA` is written to as it asks.
    [oauth.modifyAssertion](header) {
      const offered = as.token_endpoint_auth_signing_alg_values_supported;
      if (header.alg === "Ed25519" && !offered.includes("Ed25519")) header.alg = "EdDSA";
    },
  });
  return { client, authentication };
}

async function getsToken({ client, authentication }, parameters, options = {}) {
  const answer = await oauth.clientCredentialsGrantRequest(as, client, authentication, parameters, { ...plain, ...options });
  return oauth.processClientCredentialsResponse(as, client, answer);
}

async function exchanges({ client, authentication }, subject_token, parameters, options = {}) {
  const all = { subject_token, subject_token_type: ACCESS_TOKEN, ...parameters };
  const answer = await oauth.genericTokenEndpointRequest(as, client, authentication, EXCHANGE, all, { ...plain, ...options });
  return oauth.processGenericTokenEndpointResponse(as, client, answer);
}

async function introspects({ client, authentication }, token) {
  const answer = await oauth.introspectionRequest(as, client, authentication, token, plain);
  return oauth.processIntrospectionResponse(as, client, answer);
}

async function revokes({ client, authentication }, token) {
  const answer = await oauth.revocationRequest(as, client, authentication, token, plain);
  await oauth.processRevocationResponse(answer);
}

// ---------------------------------------------------------------- the resource

function question(headers = {}) {
  return [new Headers({ "content-type": "application/json", accept: "application/json", ...headers }), JSON.stringify({ query: VIEWER })];
}

// Who the server says that the token's bearer is, or how it refused.
async function asks(token, options = {}) {
  try {
    const answer = await oauth.protectedResourceRequest(token, "POST", resourceUrl, ...question(), { ...plain, ...options });
    const { data, errors } = await answer.json();
    return errors ? { status: answer.status, code: errors[0].extensions.code } : data.viewer;
  } catch (refusal) {
    return how(refusal);
  }
}

// A refusal, as far as a partner's program would act on it.
async function how(refusal) {
  if (refusal instanceof oauth.ResponseBodyError) return { status: refusal.status, error: refusal.error };
  if (!(refusal instanceof oauth.WWWAuthenticateChallengeError)) throw refusal;
  const body = await refusal.response.json();
  return {
    status: refusal.status,
    challenges: refusal.cause.map((challenge) => [challenge.scheme, challenge.parameters.error].filter(Boolean).join(" ")),
    ...(body.error ? { error: body.error } : { code: body.errors[0].extensions.code }),
  };
}

async function refused(attempt) {
  try {
    await attempt;
  } catch (refusal) {
    return how(refusal);
  }
  throw new Error("this should have been refused");
}

// What two verifiers who share no code with the server make of a token (RFC 9068).
async function verified(token, dpop) {
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
    typ: "at+jwt",
    issuer,
    audience: resource,
    algorithms: ["ES256"],
    requiredClaims: ["sub", "client_id", "iat", "exp", "jti", "scope"],
  });
  const headers = { authorization: `${dpop ? "DPoP" : "Bearer"} ${token}`, ...dpop };
  await oauth.validateJwtAccessToken(as, new Request(resource, { method: "POST", headers }), resource, {
    ...plain,
    signingAlgorithms: ["ES256"],
  });
  return { ...payload, alg: protectedHeader.alg };
}

// ---------------------------------------------------------------- a token's life, by an ES256 key

const housing = await application(byES256);
const broad = await getsToken(housing, { scope });
const broadClaims = await verified(broad.access_token);
told.clientCredentials = {
  type: broad.token_type,
  seconds: broad.expires_in,
  lives: broadClaims.exp - broadClaims.iat,
  // RFC 6749, 5.1: it may be left out where it is what was asked for.
  scope: (broad.scope ?? scope) === scope,
  claimed: broadClaims.scope === scope,
  client: broadClaims.client_id === byES256.client_id,
  refreshable: broad.refresh_token !== undefined,
};
const broadViewer = await asks(broad.access_token);
told.viewer = { agency: broadViewer.agency?.name, scopes: broadViewer.scopes?.join(" ") === scope };

const mine = await exchanges(housing, broad.access_token, { scope: narrow, requested_subject: person });
const mineClaims = await verified(mine.access_token);
const mineViewer = await asks(mine.access_token);
told.exchanged = {
  issued: mine.issued_token_type,
  type: mine.token_type,
  scope: mineClaims.scope,
  subject: mineClaims.sub,
  actor: mineClaims.act?.sub === byES256.client_id,
  outlivesTheFirst: mineClaims.exp > broadClaims.exp,
  viewer: { subject: mineViewer.subject, scopes: mineViewer.scopes },
};

const seen = await introspects(housing, mine.access_token);
told.introspected = {
  active: seen.active,
  scope: seen.scope,
  subject: seen.sub,
  same: seen.jti === mineClaims.jti && seen.exp === mineClaims.exp && seen.client_id === byES256.client_id,
};
await revokes(housing, mine.access_token);
told.revoked = {
  introspected: await introspects(housing, mine.access_token),
  asked: await asks(mine.access_token),
  first: (await introspects(housing, broad.access_token)).active,
};
// RFC 7009, 2.2: an unknown token is no error, and neither is a second time.
await revokes(housing, mine.access_token);
await revokes(housing, "no token at all");

// ---------------------------------------------------------------- the other ways to prove who you are

const shelter = await application(byEdDSA);
const legal = await application(bySecret);
told.others = {
  byEdDSA: (await asks((await getsToken(shelter, { scope: narrow })).access_token)).scopes,
  bySecret: (await asks((await getsToken(legal, { scope: narrow })).access_token)).scopes,
};

// ---------------------------------------------------------------- a token that is good with a key only

const DPoP = oauth.DPoP(housing.client, await oauth.generateKeyPair("ES256", { extractable: true }));
const bound = await getsToken(housing, { scope: narrow }, { DPoP });
let sent;
const watched = {
  DPoP,
  [oauth.customFetch]: (url, request) => {
    sent = request;
    return fetch(url, request);
  },
};
const boundViewer = await asks(bound.access_token, watched);
const boundClaims = await verified(bound.access_token, { dpop: sent.headers.dpop });
const again = await fetch(resourceUrl, { ...sent, headers: { ...sent.headers } });
const thief = oauth.DPoP(housing.client, await oauth.generateKeyPair("ES256", { extractable: true }));
told.bound = {
  type: bound.token_type,
  confirmed: boundClaims.cnf?.jkt === (await DPoP.calculateThumbprint()),
  asked: boundViewer.scopes,
  newProof: (await asks(bound.access_token, { DPoP })).scopes,
  sameProof: again.status,
  otherKey: (await asks(bound.access_token, { DPoP: thief })).status,
  asBearer: (await asks(bound.access_token)).status,
};

// ---------------------------------------------------------------- refusals

told.refused = {
  wrongSecret: await refused(getsToken(await application({ ...bySecret, secret: `${bySecret.secret}x` }), { scope: narrow })),
  wrongKey: await refused(getsToken(await application({ ...byES256, client_id: byEdDSA.client_id }), { scope: narrow })),
  wider: await refused(getsToken(housing, { scope: wider })),
  widerByExchange: await refused(exchanges(housing, broad.access_token, { scope: wider })),
  exchangedAfterRevocation: await refused(exchanges(housing, mine.access_token, { scope: narrow })),
};

console.log(JSON.stringify(told));
