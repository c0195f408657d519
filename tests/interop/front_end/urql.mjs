// urql as it is, with its own cache: a list page by page, an answer and a change, data beside an error, no token.
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { answered, codes, ids, operations, recipient, resource, sender, token, walked } from "./session.mjs";

const { InboxPageQuery: inbox, HomePageQuery: home } = operations;

function urql(authorization, more = { preferGetMethod: false }) {
  const exchanges = [cacheExchange, fetchExchange];
  return new Client({ url: resource, exchanges, fetchOptions: { headers: { authorization } }, ...more });
}

const bearer = `Bearer ${await token(recipient)}`;
const client = urql(bearer);
const one = async (name, variables) => (await client.query(operations[name], variables)).data;

async function list(variables) {
  const { data } = await client.query(inbox, variables);
  return data.referrals;
}

const whole = await list({ first: 100 });
const first = await list({ first: 2 });
const second = await list({ first: 2, after: first.pageInfo.endCursor });
const last = await list({ last: 2 });
const beforeLast = await list({ last: 2, before: last.pageInfo.startCursor });

const waiting = whole.edges.map(({ node }) => node).find(({ status }) => status === "REQUESTED");
const read = await client.query(operations.ReferralPageQuery, { id: waiting.id });
const rejected = await client.mutation(operations.ReferralPageRejectMutation, { id: waiting.id, reason: "NO_CAPACITY" });
const tooLate = await client.mutation(operations.ReferralPageAcceptMutation, { id: waiting.id });
const again = await client.query(operations.ReferralPageQuery, { id: waiting.id });

// A sender's draft.
const writer = urql(`Bearer ${await token(sender)}`);
const outbox = await writer.query(inbox, { box: "OUTBOX", first: 1, filter: { statuses: ["DRAFT"] } });
const [draft] = ids(outbox.data.referrals);
const written = (await writer.query(operations.ReferralPageQuery, { id: draft })).data.referral;
const referral = {
  consent: written.consent.id,
  needs: written.needs,
  urgency: "URGENT",
  package: { needs: { request: "A room for two." } },
};
const edited = await writer.mutation(operations.ReferralPageEditMutation, { id: draft, referral });
const consents = await writer.query(operations.ConsentsPageQuery, { side: "GIVEN", first: 5 });

// The other pages.
const { mous } = await one("MousPageQuery", { first: 5 });
const audit = (await one("AuditPageQuery", { first: 5 })).auditEvents;
const earlier = (await one("AuditPageQuery", { first: 5, after: audit.pageInfo.endCursor })).auditEvents;
const known = [waiting.id, waiting.sender.id, ids(mous)[0], "agency_00000000000000000000000000"];
const { nodes } = await one("RecordPageManyQuery", { ids: known });
const { node } = await one("RecordPageQuery", { id: waiting.sender.id });

const half = await client.query(home, {});
const stranger = await urql("Bearer nonsense").query(home, {});

console.log(
  JSON.stringify({
    list: walked(ids(whole), [...ids(first), ...ids(second)], [...ids(beforeLast), ...ids(last)]),
    package: { purpose: read.data.referral.package.purpose, receipt: read.data.referral.package.receipt.leafHash.length },
    rejected: answered(rejected.data.rejectReferral),
    tooLate: { data: tooLate.data, errors: codes(tooLate.error.graphQLErrors) },
    // urql asks anew for what a mutation has changed.
    again: again.data.referral.status,
    edited: { status: edited.data.editReferralDraft.status, urgency: edited.data.editReferralDraft.urgency },
    consents: consents.data.consents.edges.every(({ node }) => node.grants.length > 0) && ids(consents.data.consents).length,
    mous: mous.edges.length,
    audit: new Set([...ids(audit), ...ids(earlier)]).size,
    nodes: nodes.map((node) => node?.__typename ?? null),
    node: node.name === waiting.sender.name,
    home: { agency: half.data.viewer.agency.name, survivors: half.data.survivors, errors: codes(half.error.graphQLErrors) },
    unauthenticated: { status: stranger.error.response.status, errors: codes(stranger.error.graphQLErrors) },
    // Unless it is told otherwise, it asks by GET, to which nothing is answered.
    byGet: (await urql(bearer, {}).query(home, {})).error.response.status,
  }),
);
