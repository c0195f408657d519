// A small inbox as a partner's front-end might be: React and Apollo Client as they are, buttons from `allowedActions` alone.
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { ApolloProvider, useMutation, useQuery } from "@apollo/client/react";
import { relayStylePagination } from "@apollo/client/utilities";

const ROW = gql`
  fragment Row on Referral {
    id status statusReason urgency needs overdue respondBy allowedActions sender { id name } recipient { id name }
  }
`;
const LIST = gql`
  ${ROW}
  query List($box: Box!, $filter: ReferralFilter) {
    referrals(box: $box, filter: $filter, first: 8) {
      totalCount { count orMore }
      edges { node { id ...Row } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const ONE = gql`
  ${ROW}
  query One($id: ID!, $sent: Boolean!) {
    referral(id: $id) {
      id
      ...Row
      package @skip(if: $sent) { needs { request } withheld { category reason } }
      preview(purpose: HOUSING_PLACEMENT) @include(if: $sent) { needs { request } withheld { category reason } }
    }
  }
`;
const CONSENTS = gql`
  query Consents {
    consents(side: GIVEN, first: 100) {
      edges { node { id status discloser { id } recipient { id name } grants { purpose categories } } }
    }
    viewer { agency { id name } }
  }
`;
const DRAFT = gql`
  ${ROW}
  mutation Draft($referral: ReferralInput!) { draftReferral(referral: $referral) { id ...Row } }
`;
const EDIT = gql`
  ${ROW}
  mutation Edit($id: ID!, $referral: ReferralDraftInput!) { editReferralDraft(id: $id, referral: $referral) { id ...Row } }
`;

// What each button does, and the reason that it asks for.
const verb = (name, more = "", given = "") => gql`
  ${ROW}
  mutation Act($id: ID! ${more}) { done: ${name}(id: $id ${given}) { id ...Row } }
`;
const VERBS = {
  SEND: [verb("sendReferral")],
  ACCEPT: [verb("acceptReferral")],
  START: [verb("startReferral")],
  RESUME: [verb("resumeReferral")],
  HOLD: [verb("holdReferral", ", $reason: HoldReason!", ", reason: $reason"), ["NO_CAPACITY", "AWAITING_DOCUMENTS"]],
  CANCEL: [verb("cancelReferral", ", $reason: CancelReason!", ", reason: $reason"), ["SURVIVOR_DECISION", "DUPLICATE"]],
  REJECT: [verb("rejectReferral", ", $reason: RejectReason!", ", reason: $reason"), ["NO_CAPACITY", "NOT_ELIGIBLE"]],
  COMPLETE: [
    verb("completeReferral", ", $outcome: OutcomeInput!", ", outcome: $outcome"),
    null,
    (referral) => ({ outcome: { code: "NEEDS_MET", provided: referral.needs } }),
  ],
};

const words = (code) => code.toLowerCase().replaceAll("_", " ");

// What went wrong, as the service tells it to people.
function Failure({ error }) {
  if (!error) return null;
  const all = CombinedGraphQLErrors.is(error) ? error.errors : [error];
  return all.map(({ message, extensions }) => (
    <p role="alert" key={message} data-code={extensions?.code}>{extensions?.code}: {message}</p>
  ));
}

function Action({ action, referral }) {
  const [document, reasons, more] = VERBS[action];
  const [reason, choose] = useState(reasons?.[0]);
  const [act, { error, loading }] = useMutation(document, { refetchQueries: ["List"] });
  const variables = { id: referral.id, ...(reasons && { reason }), ...more?.(referral) };
  return (
    <span className="action">
      {reasons && (
        <select aria-label={`reason to ${words(action)}`} value={reason} onChange={(it) => choose(it.target.value)}>
          {reasons.map((one) => <option key={one}>{one}</option>)}
        </select>
      )}
      <button disabled={loading} onClick={() => act({ variables }).catch(() => {})}>{words(action)}</button>
      <Failure error={error} />
    </span>
  );
}

function Opened({ id, sent }) {
  const { data, error } = useQuery(ONE, { variables: { id, sent }, fetchPolicy: "cache-and-network" });
  const referral = data?.referral;
  if (!referral) return <Failure error={error} />;
  const told = referral.package ?? referral.preview;
  const known = referral.allowedActions.filter((action) => VERBS[action]);
  return (
    <section aria-label="opened">
      <h2>{referral.sender.name} to {referral.recipient.name}</h2>
      <p id="status">{referral.status}{referral.statusReason && ` (${referral.statusReason})`}</p>
      <blockquote>{told?.needs?.request ?? "nothing that you may see"}</blockquote>
      <p>{told?.withheld.length ?? 0} categories withheld</p>
      {known.map((action) => <Action key={action} action={action} referral={referral} />)}
      {referral.allowedActions.includes("EDIT") && <Form of={referral} />}
      <Failure error={error} />
    </section>
  );
}

function Form({ of, opens }) {
  const { data, error: unread } = useQuery(CONSENTS);
  const [text, write] = useState("");
  const [need, choose] = useState("");
  const [run, { error }] = useMutation(of ? EDIT : DRAFT, { refetchQueries: ["List", "One"] });
  const own = data?.viewer.agency.id;
  const consents = data?.consents.edges.map(({ node }) => node) ?? [];
  const fits = ({ status, discloser, grants }) =>
    status === "ACTIVE" && discloser.id === own && grants.some(({ categories }) => categories.includes("NEEDS"));
  const consent = consents.find((one) => fits(one) && (!of || one.recipient.id === of.recipient.id));
  const submit = async (event) => {
    event.preventDefault();
    const package_ = text && { needs: { request: text } };
    const draft = { consent: consent.id, needs: need ? [need] : [], urgency: "URGENT", package: package_ || {}, again: true };
    const variables = of ? { id: of.id, referral: draft } : { referral: draft };
    const made = await run({ variables }).catch(() => null);
    if (made && !of) opens(made.data.draftReferral.id);
  };
  return (
    <form aria-label={of ? "edit" : "draft"} onSubmit={submit}>
      <label>{of ? "say instead" : "what is asked"} <input value={text} onChange={(it) => write(it.target.value)} /></label>
      <label>need <select value={need} onChange={(it) => choose(it.target.value)}>
        {["", "HOUSING", "LEGAL"].map((one) => <option key={one} value={one}>{words(one) || "choose"}</option>)}
      </select></label>
      <button disabled={!consent}>{of ? "save" : "draft"}</button>
      <Failure error={error ?? unread} />
    </form>
  );
}

function Inbox() {
  const [box, turn] = useState("INBOX");
  const [status, only] = useState("");
  const [opened, open] = useState(null);
  const variables = { box, filter: status ? { statuses: [status] } : null };
  const { data, error, fetchMore } = useQuery(LIST, { variables });
  const page = data?.referrals;
  const count = page && `${page.totalCount.count}${page.totalCount.orMore ? "+" : ""}`;
  const more = () => fetchMore({ variables: { ...variables, after: page.pageInfo.endCursor } });
  return (
    <main>
      <nav>
        {["INBOX", "OUTBOX"].map((one) => (
          <button key={one} aria-pressed={one === box} onClick={() => { turn(one); open(null); }}>{words(one)}</button>
        ))}
        <select aria-label="status" value={status} onChange={(it) => only(it.target.value)}>
          <option value="">any status</option>
          {["DRAFT", "REQUESTED", "ACCEPTED", "COMPLETED", "CANCELLED"].map((one) => <option key={one}>{one}</option>)}
        </select>
        <output>{count}</output>
      </nav>
      <Failure error={error} />
      <ul>
        {page?.edges.map(({ node }) => (
          <li key={node.id}>
            <button aria-current={node.id === opened} onClick={() => open(node.id)} data-id={node.id}>
              <b>{node.status}</b> {node.overdue && <i>overdue</i>} {words(node.urgency)}: {node.needs.map(words).join(", ")}
              <small>{box === "INBOX" ? node.sender.name : node.recipient.name}</small>
            </button>
          </li>
        ))}
      </ul>
      {page?.pageInfo.hasNextPage && <button onClick={more}>more</button>}
      {opened && <Opened key={opened} id={opened} sent={box === "OUTBOX"} />}
      {box === "OUTBOX" && <Form opens={open} />}
    </main>
  );
}

const { resource, token } = await (await fetch("/session")).json();
const referrals = relayStylePagination(["box", "filter"]);
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: { Query: { fields: { referrals } } } }),
  link: new HttpLink({ uri: resource, headers: { authorization: `Bearer ${token}` } }),
});
createRoot(document.getElementById("root")).render(
  <StrictMode>
    <ApolloProvider client={client}><Inbox /></ApolloProvider>
  </StrictMode>,
);
