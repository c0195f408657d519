// Relay's runtime as it is, without React: the list that `usePaginationFragment` keeps grows at both ends, a row is asked
// for anew by `node`, a change reaches the store, data beside an error, no token.
import relay from "relay-runtime";
import { compile } from "./relay_compiler.mjs";
import { answered, codes, folder, ids, recipient, resource, token, walked } from "./session.mjs";

const { Environment, Network, RecordSource, Store } = relay;
const { commitMutation, createOperationDescriptor, fetchQuery, getRequest, getSingularSelector } = relay;
const { load, names } = compile(folder);

function environment(authorization) {
  const told = [];
  const network = Network.create(async ({ text, name }, variables) => {
    const headers = { authorization, "content-type": "application/json", accept: "application/graphql-response+json" };
    const body = JSON.stringify({ query: text, operationName: name, variables });
    const answer = await fetch(resource, { method: "POST", headers, body });
    const { data, errors } = await answer.json();
    told.push({ status: answer.status, errors: codes(errors ?? []) });
    return { data, errors };
  });
  return Object.assign(new Environment({ network, store: new Store(new RecordSource()) }), { told });
}

const bearer = `Bearer ${await token(recipient)}`;
const asks = (relay, name, variables = {}) => fetchQuery(relay, load(name), variables).toPromise();

// The ids of a list as a component sees it, which begins with one page and grows by another, as Relay writes the query.
async function grows(first, more) {
  const relay = environment(bearer);
  const operation = createOperationDescriptor(getRequest(load("InboxListPaginationQuery")), first);
  relay.retain(operation);
  await asks(relay, "InboxListPaginationQuery", first);
  const list = () => {
    const component = relay.lookup(operation.fragment).data;
    return relay.lookup(getSingularSelector(load("InboxList_query"), component)).data.referrals;
  };
  await asks(relay, "InboxListPaginationQuery", more(list().pageInfo));
  return ids(list());
}

const relayed = environment(bearer);
const whole = (await asks(relayed, "InboxPageQuery", { first: 100 })).referrals;
const forwards = await grows({ first: 2 }, ({ endCursor }) => ({ first: 2, after: endCursor }));
const back = await grows({ last: 2 }, ({ startCursor }) => ({ last: 2, before: startCursor }));

const changes = (name, variables) =>
  new Promise((resolve, reject) => {
    const onCompleted = (data, errors) => resolve({ data, errors: codes(errors ?? []) });
    commitMutation(relayed, { mutation: load(name), variables, onCompleted, onError: reject });
  });
const row = (id) => relayed.getStore().getSource().get(id);
const done = ids(whole).find((id) => row(id).status === "ACCEPTED");
const outcome = { code: "NEEDS_MET", provided: row(done).needs };
const completed = await changes("ReferralPageCompleteMutation", { id: done, outcome });
const tooLate = await changes("ReferralPageRejectMutation", { id: done, reason: "NO_CAPACITY" });
await asks(relayed, "ReferralRowRefetchQuery", { id: done });

const half = environment(bearer);
const home = await asks(half, "HomePageQuery");
const stranger = environment("Bearer nonsense");
const failed = await asks(stranger, "HomePageQuery").catch(({ name, source }) => ({ name, errors: codes(source.errors) }));

console.log(
  JSON.stringify({
    compiled: names,
    list: walked(ids(whole), forwards, back),
    completed: completed.errors.length === 0 && answered(row(done)),
    tooLate: tooLate.errors,
    home: { agency: home.viewer.agency.name, survivors: home.survivors, told: half.told },
    unauthenticated: { failed, told: stranger.told },
  }),
);
