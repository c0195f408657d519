// Apollo Client 4 as it is: a list that its cache puts together from pages, an answer and a change, data beside an error,
// no token, and automatic persisted queries.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import { filter, firstValueFrom } from "rxjs";
import { answered, codes, ids, operations, recipient, resource, token, walked } from "./session.mjs";

const bearer = await token(recipient);
const { InboxPageQuery: inbox, HomePageQuery: home } = operations;

function apollo(authorization, { links = [], fetch = globalThis.fetch } = {}) {
  const referrals = relayStylePagination(["box", "filter"]);
  return new ApolloClient({
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { referrals } } } }),
    link: ApolloLink.from([...links, new HttpLink({ uri: resource, headers: { authorization }, fetch })]),
  });
}

// How a request failed, as far as a front-end would act on it.
async function fails(attempt) {
  try {
    await attempt;
  } catch (error) {
    if (CombinedGraphQLErrors.is(error)) return codes(error.errors);
    return { name: error.name, status: error.statusCode };
  }
  throw new Error("this should have failed");
}

// The ids of a list that begins with one page and grows by another.
async function grows(first, more) {
  const list = apollo(`Bearer ${bearer}`).watchQuery({ query: inbox, variables: first });
  const watched = list.subscribe(() => {});
  const { data } = await firstValueFrom(list.pipe(filter(({ loading }) => !loading)));
  await list.fetchMore({ variables: more(data.referrals.pageInfo) });
  watched.unsubscribe();
  return ids(list.getCurrentResult().data.referrals);
}

const client = apollo(`Bearer ${bearer}`);
const whole = await client.query({ query: inbox, variables: { first: 100 } });
const rows = whole.data.referrals.edges.map(({ node }) => node);
const forwards = await grows({ first: 2 }, ({ endCursor }) => ({ first: 2, after: endCursor }));
const back = await grows({ last: 2 }, ({ startCursor }) => ({ first: undefined, last: 2, before: startCursor }));

const waiting = rows.find(({ status }) => status === "REQUESTED");
const accept = { mutation: operations.ReferralPageAcceptMutation, variables: { id: waiting.id } };
const read = { query: operations.ReferralPageQuery, variables: { id: waiting.id } };
const shown = (await client.query(read)).data.referral.package;
const accepted = (await client.mutate(accept)).data.acceptReferral;
const kept = client.readQuery({ query: inbox, variables: { first: 100 } });
const reject = { mutation: operations.ReferralPageRejectMutation, variables: { id: waiting.id, reason: "NO_CAPACITY" } };
const tooLate = await fails(client.mutate(reject));

const half = await client.query({ query: home, errorPolicy: "all" });

const sent = [];
const persisted = apollo(`Bearer ${bearer}`, {
  links: [new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") })],
  fetch: (url, request) => {
    const { query, extensions } = JSON.parse(request.body);
    sent.push([query && "document", extensions?.persistedQuery && "hash"].filter(Boolean).join(" and "));
    return fetch(url, request);
  },
});
const byHash = await persisted.query({ query: inbox, variables: { first: 1 } });
await persisted.query({ query: inbox, variables: { first: 1 }, fetchPolicy: "network-only" });

console.log(
  JSON.stringify({
    list: walked(ids(whole.data.referrals), forwards, back),
    package: { purpose: shown.purpose, receipt: shown.receipt.leafHash.length },
    accepted: answered(accepted),
    tooLate,
    cached: kept.referrals.edges.find(({ node }) => node.id === waiting.id).node.status,
    home: { agency: half.data.viewer.agency.name, survivors: half.data.survivors, errors: codes(half.error.errors) },
    unauthenticated: await fails(apollo("Bearer nonsense").query({ query: home })),
    persisted: { sent, rows: byHash.data.referrals.edges.length },
  }),
);
