// A front-end's program against the generated types. Each `@ts-expect-error` stands before a line that the types must
// refuse: were it accepted, the compiler would complain about the comment.
import type {
  AuditPageQuery,
  ConsentsPageQuery,
  HomePageQuery,
  InboxPageQuery,
  InboxPageQueryVariables,
  InboxPage_ReferralFragment,
  MousPageQuery,
  OutcomeCode,
  RecordPageQuery,
  RecordPageManyQuery,
  ReferralAction,
  ReferralDraftInput,
  ReferralPageAcceptMutation,
  ReferralPageCompleteMutationVariables,
  ReferralPageEditMutationVariables,
  ReferralPageQuery,
  ReferralPageQueryVariables,
  ReferralPageRejectMutationVariables,
  ReferralStatus,
  WithheldReason,
} from "./types";

// ---------------------------------------------------------------- roots may be null

export function inbox(answer: InboxPageQuery): readonly string[] {
  // @ts-expect-error: a refusal costs the field, so the list may be null
  answer.referrals.edges;
  return answer.referrals?.edges.map(({ node }) => row(node)) ?? ["The inbox cannot be shown now."];
}

function row({ sender, status, respondBy }: InboxPage_ReferralFragment): string {
  // @ts-expect-error: nothing asks for an answer by a moment unless it was sent
  respondBy.length;
  return `${sender.name}: ${label(status)}${respondBy === null ? "" : `, by ${respondBy}`}`;
}

export function next({ referrals }: InboxPageQuery): InboxPageQueryVariables | undefined {
  if (!referrals?.pageInfo.hasNextPage) return undefined;
  return { first: 20, after: referrals.pageInfo.endCursor };
}

export function previous({ referrals }: InboxPageQuery): InboxPageQueryVariables | undefined {
  if (!referrals?.pageInfo.hasPreviousPage) return undefined;
  return { last: 20, before: referrals.pageInfo.startCursor };
}

export function accepted({ acceptReferral }: ReferralPageAcceptMutation): readonly ReferralAction[] {
  // @ts-expect-error: the mutation may have been refused
  acceptReferral.allowedActions;
  return acceptReferral?.allowedActions ?? [];
}

export function home({ viewer, notices, survivors }: HomePageQuery): string {
  const may = viewer?.permissions.some(({ resource, letters }) => resource === "referral" && letters.includes("u")) ?? false;
  const unseen = notices?.edges.filter(({ node }) => node.seenAt === null).length ?? 0;
  return `${viewer?.agency.name ?? "?"}: ${unseen} notices, ${survivors?.edges.length ?? 0} survivors, may answer: ${may}`;
}

// ---------------------------------------------------------------- every code has a word

export function label(status: ReferralStatus): string {
  switch (status) {
    case "DRAFT":
      return "being written";
    case "REQUESTED":
    case "ON_HOLD":
      return "waiting for an answer";
    case "ACCEPTED":
    case "IN_PROGRESS":
      return "being worked on";
    case "SUSPENDED":
      return "suspended";
    case "COMPLETED":
      return "done";
    case "REJECTED":
    case "CANCELLED":
    case "FAILED":
    case "EXPIRED":
      return "over";
    case "ENTERED_IN_ERROR":
      return "entered in error";
    default:
      return nothingElse(status);
  }
}

export function isOver(status: ReferralStatus): boolean {
  switch (status) {
    case "COMPLETED":
      return true;
    default:
      // @ts-expect-error: this knows one status of all
      return nothingElse(status);
  }
}

function nothingElse(code: never): never {
  throw new Error(`a newer schema: ${String(code)}`);
}

export const actions: Record<ReferralAction, string> = {
  ACCEPT: "Accept",
  ASSIGN: "Assign",
  CANCEL: "Call off",
  COMPLETE: "Complete",
  CONTINUE: "Continue",
  CORRECT: "Correct the outcome",
  DISCARD: "Discard",
  EDIT: "Edit",
  FAIL: "End without success",
  HOLD: "Put on hold",
  MARK_ENTERED_IN_ERROR: "Should never have been",
  REJECT: "Reject",
  RESUME: "Resume",
  SEND: "Send",
  START: "Start",
};

// @ts-expect-error: two outcomes have no word
export const outcomes: Record<OutcomeCode, string> = { NEEDS_MET: "Met", NEEDS_PARTLY_MET: "Partly met" };

// @ts-expect-error: no such status
export const misspelled: ReferralStatus = "PENDING";

// ---------------------------------------------------------------- a package, and what is withheld of it

export function needs({ referral }: ReferralPageQuery): string {
  const read = referral?.package;
  if (!read) return "There is no package to read.";
  const withheld = (reason: WithheldReason): boolean => read.withheld.some((one) => one.reason === reason);
  if (withheld("CONSENT_REVOKED")) return "The survivor took the consent back.";
  // @ts-expect-error: a category that is withheld is null
  read.needs.request;
  return `${read.needs?.request ?? "Withheld."} (${read.receipt.leafHash})`;
}

// ---------------------------------------------------------------- lists and nodes

export function consents({ consents }: ConsentsPageQuery): readonly string[] {
  return (consents?.edges ?? []).map(({ node }) => {
    const pairs = node.grants.flatMap(({ purpose, categories }) => categories.map((category) => `${category} for ${purpose}`));
    const objections = node.objections.filter(({ stands }) => stands).length;
    return `${node.recipient.name} ${node.status}: ${pairs.join(", ")}; ${objections} objections`;
  });
}

export function mous({ mous }: MousPageQuery): readonly string[] {
  return (mous?.edges ?? []).map(({ node }) => `${node.title}: ${node.parties.map(({ agency }) => agency.name).join(" and ")}`);
}

export function audit({ auditEvents }: AuditPageQuery): readonly string[] {
  // The event's place and proof come a few seconds after it.
  return (auditEvents?.edges ?? []).map(({ node }) => `${node.recordedAt} ${node.type} ${node.proof?.index ?? "soon"}`);
}

export function title({ node }: RecordPageQuery): string {
  switch (node?.__typename) {
    case "Referral":
      return `${node.sender.name}, ${label(node.status)}`;
    case "Agency":
      return node.name;
    case "Mou":
      return node.title;
    case undefined:
      return "There is no such record.";
    default:
      // @ts-expect-error: not every record has a title
      return node.title;
  }
}

export function missing(ids: readonly string[], { nodes }: RecordPageManyQuery): readonly string[] {
  return ids.filter((_, place) => !nodes?.[place]);
}

// ---------------------------------------------------------------- what is sent

const draft: ReferralDraftInput = {
  consent: "consent_...",
  needs: ["HOUSING"],
  urgency: "URGENT",
  package: { needs: { request: "A room for two." }, safety: null },
};

export const sent: {
  read: ReferralPageQueryVariables;
  edit: ReferralPageEditMutationVariables;
  reject: ReferralPageRejectMutationVariables;
  complete: ReferralPageCompleteMutationVariables;
} = {
  read: { id: "referral_..." },
  edit: { id: "referral_...", referral: draft },
  reject: { id: "referral_...", reason: "NO_CAPACITY" },
  complete: { id: "referral_...", outcome: { code: "NEEDS_MET" } },
};

// @ts-expect-error: a reason of the system's is none to reject with
export const never: ReferralPageRejectMutationVariables = { id: "referral_...", reason: "NOT_ANSWERED" };
