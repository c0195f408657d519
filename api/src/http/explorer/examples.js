// What the explorer proposes to ask, for each scope.

export const indent = (text, depth) => text.split("\n").join(`\n${"  ".repeat(depth)}`);
const can = (action) => (object) => object.allowedActions?.includes(action);

/** The last month that is over, wherever the task force works. */
function lastMonth() {
  const today = new Date(Date.now() - 24 * 3_600_000);
  const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1)).toISOString().slice(0, 7);
  return { from: month, to: month };
}

/** The categories of a package as this server's schema has them, the notice that travels with them, and what is missing. */
function packageFields(schema) {
  const categories = schema?.fieldsOf("Package")
    .filter(({ name }) => !["purpose", "withheld", "receipt"].includes(name))
    .map((field) => schema.select(field, 2)).filter(Boolean) ?? [];
  return ["purpose", ...categories, "withheld { category reason }", "receipt { event leafHash }"].join("\n");
}

// `needs` says which scope it takes (any one of the letters will do), `text` writes it, given the schema where it
// `followsSchema`; `fill` gives each variable, or null where nothing suits yet, and `first` names what would show one.
export const examples = ({ recall, caller }) => [
  {
    name: "Who am I?", about: "Agency, scopes and purposes of this token",
    text: () => `query WhoAmI {
  viewer {
    agency { id name kind }
    subject
    scopes
    purposes
    expiresAt
  }
}`,
  },
  {
    name: "My inbox", about: "Referrals to you: what is shared, what is withheld and why", needs: "referral.rs",
    followsSchema: true,
    text: (schema) => `query Inbox($purpose: Purpose) {
  referrals(box: INBOX, first: 20) {
    edges {
      node {
        id
        status
        urgency
        needs
        sender { name }
        respondBy
        allowedActions
        package(purpose: $purpose) {
          ${indent(packageFields(schema), 5)}
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    fill: { purpose: () => caller.purpose() },
  },
  {
    name: "My outbox", about: "Referrals you sent, and how they stand", needs: "referral.rs",
    text: () => `query Outbox {
  referrals(box: OUTBOX, first: 20) {
    edges {
      node {
        id
        status
        statusReason
        urgency
        needs
        recipient { name }
        sentAt
        respondBy
        overdue
        updatedAt
        actions { action blockedBy }
        allowedActions
      }
    }
    totalCount { count orMore }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "What waits", about: "What a badge shows; it names nobody, and nothing goes on record", needs: "referral.rs",
    text: () => `query Mailbox {
  mailbox { inboxUnanswered inboxOverdue outboxAnswered unseenNotices changedAt }
}`,
  },
  {
    name: "What is most urgent", about: "What wants an answer soonest comes first", needs: "referral.rs",
    text: () => `query MostUrgent {
  referrals(box: INBOX, orderBy: MOST_URGENT, filter: { statuses: [REQUESTED] }, first: 20) {
    edges { node { id urgency respondBy overdue expiresAt allowedActions } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "What changed", about: "In the log's order, from the oldest that is kept: go on after endCursor", needs: "referral.rs",
    text: () => `query Changes {
  changes(first: 20) {
    edges { cursor node { type object state at } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "Preview what you sent", about: "What its recipient may be told, and why", needs: "referral.rs", followsSchema: true,
    text: (schema) => `query Preview($id: ID!, $purpose: Purpose!, $agency: ID!) {
  referral(id: $id) {
    status
    preview(purpose: $purpose) {
      ${indent(packageFields(schema), 3)}
    }
    explainAccess(agency: $agency, purpose: $purpose) {
      keys { kind held detail }
      shared
    }
  }
}`,
    fill: { id: () => recall("referral"), purpose: () => caller.purpose(), agency: () => recall("agency") }, first: "My outbox",
  },
  {
    name: "Read one package", about: "For a purpose; then ask the same as another persona", needs: "referral.rs",
    followsSchema: true,
    text: (schema) => `query ReadPackage($id: ID!, $purpose: Purpose) {
  referral(id: $id) {
    id
    status
    sender { name }
    recipient { name }
    package(purpose: $purpose) {
      ${indent(packageFields(schema), 3)}
    }
  }
}`,
    fill: { id: () => recall("referral"), purpose: () => caller.purpose() }, first: "My inbox",
  },
  {
    name: "What happened", about: "To one referral: who, when, why, and the notes on it", needs: "referral.rs",
    text: () => `query Timeline($id: ID!, $purpose: Purpose) {
  referral(id: $id) {
    id
    status
    timeline(first: 20) {
      edges {
        node {
          at
          type
          agency { name }
          reason
          note { audience category content(purpose: $purpose) { text withheld } attachment { contentType path } }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`,
    fill: { id: () => recall("referral"), purpose: () => caller.purpose() }, first: "My inbox",
  },
  {
    name: "Add a note", about: "To the other side, as far as the consent lets it be told", needs: "referral.u", changes: true,
    text: () => `mutation Note($id: ID!, $note: NoteInput!) {
  addReferralNote(id: $id, note: $note) {
    at
    type
    note { id category audience }
  }
}`,
    fill: {
      id: () => recall("referral", can("HOLD")),
      note: () => ({ category: "NEEDS", audience: "OTHER_PARTY", text: "We meet again on Thursday." }),
    },
    first: "My inbox",
  },
  {
    name: "Accept a referral", about: "Takes the first that you may accept", needs: "referral.u", changes: true,
    text: () => `mutation Accept($id: ID!) {
  acceptReferral(id: $id) {
    id
    status
    updatedAt
    allowedActions
  }
}`,
    fill: { id: () => recall("referral", can("ACCEPT")) }, first: "My inbox",
  },
  {
    name: "Reject a referral", about: "With a coded reason that the sender can act on", needs: "referral.u", changes: true,
    text: () => `mutation Reject($id: ID!, $reason: RejectReason!) {
  rejectReferral(id: $id, reason: $reason) {
    id
    status
    statusReason
    allowedActions
  }
}`,
    fill: { id: () => recall("referral", can("REJECT")), reason: () => "NO_CAPACITY" }, first: "My inbox",
  },
  ...[["Start", "START", "startReferral"], ["Resume", "RESUME", "resumeReferral"]].map(([word, action, verb]) => ({
    name: `${word} a referral`, about: "That your agency took on", needs: "referral.u", changes: true,
    text: () => `mutation ${word}($id: ID!) {
  ${verb}(id: $id) { id status allowedActions }
}`,
    fill: { id: () => recall("referral", can(action)) }, first: "My inbox",
  })),
  {
    name: "Put a referral on hold", about: "With a coded reason that the sender sees", needs: "referral.u", changes: true,
    text: () => `mutation Hold($id: ID!, $reason: HoldReason!) {
  holdReferral(id: $id, reason: $reason) { id status statusReason allowedActions }
}`,
    fill: { id: () => recall("referral", can("HOLD")), reason: () => "NO_CAPACITY" }, first: "My inbox",
  },
  {
    name: "Complete a referral", about: "With what came of it", needs: "referral.u", changes: true,
    text: () => `mutation Complete($id: ID!, $outcome: OutcomeInput!) {
  completeReferral(id: $id, outcome: $outcome) { id status outcome { code provided further } }
}`,
    fill: { id: () => recall("referral", can("COMPLETE")), outcome: () => ({ code: "SURVIVOR_ENDED" }) }, first: "My inbox",
  },
  {
    name: "Call a referral off", about: "Either side may", needs: "referral.u", changes: true,
    text: () => `mutation Cancel($id: ID!, $reason: CancelReason!) {
  cancelReferral(id: $id, reason: $reason) { id status statusReason }
}`,
    fill: { id: () => recall("referral", can("CANCEL")), reason: () => "SURVIVOR_DECISION" }, first: "My inbox",
  },
  {
    name: "My survivors", about: "Your own pseudonyms; nobody else has them", needs: "survivor.rs",
    text: () => `query Survivors {
  survivors(first: 20) {
    edges { node { id pseudonym ageGroup language } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  ...[["GIVEN", "Consents given", "What your clients let you share, with whom, until when"],
    ["RECEIVED", "Consents received", "What partners may share with you"]].map(([side, name, about]) => ({
    name, about, needs: "consent.rs",
    text: () => `query Consents($side: ConsentSide!) {
  consents(side: $side, first: 20) {
    edges {
      node {
        id
        status
        discloser { name }
        recipient { name }
        grants { purpose categories }
        expiresAt
        revokedAt
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    fill: { side: () => side },
  })),
  {
    name: "Revoke a consent", about: "In force on the very next read: ask for the inbox again", needs: "consent.u", changes: true,
    followsSchema: true,
    text: (schema) => `mutation Revoke($id: ID!, $channel: RevocationChannel!) {
  revokeConsent(id: $id, channel: $channel) {
    ${indent(schema?.body("Revocation", 2) || "__typename", 2)}
  }
}`,
    fill: { id: () => recall("consent", ({ status }) => status === "ACTIVE"), channel: () => "TELEPHONE" },
    first: "Consents given",
  },
  {
    name: "Who has not met", about: "To coordinators: every two agencies of a task force, those with the most to do on top", needs: "mou.s",
    text: () => `query NotMet($filter: PartnershipFilter) {
  partnerships(filter: $filter, first: 20) {
    edges {
      node {
        id
        agencies { name }
        step
        steps { step on }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    fill: { filter: () => (recall("taskforce") ? { taskForce: recall("taskforce"), lacking: "MET" } : null) }, first: "Task forces",
  },
  {
    name: "MOUs and days left", about: "What agreements stand, and for how long", needs: "mou.rs",
    text: () => `query Mous {
  mous(first: 20) {
    edges {
      node {
        id
        title
        kind
        status
        effectiveOn
        reviewOn
        expiresOn
        daysLeft
        allowedActions
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "One MOU", about: "By its id", needs: "mou.rs",
    text: () => `query OneMou($id: ID!) {
  mou(id: $id) {
    id
    version
    title
    status
    effectiveOn
    expiresOn
    daysLeft
  }
}`,
    fill: { id: () => recall("mou") }, first: "MOUs and days left",
  },
  {
    name: "What would stop", about: "If an MOU ended with a notice given now: counts, needs and agencies left without a path",
    needs: "mou.r",
    text: () => `query Impact($id: ID!) {
  mou(id: $id) {
    title
    impact {
      lapsesOn
      openReferrals
      activeConsents
      needsLeft
      agenciesLeft
      byPartner { agency { name } openReferrals activeConsents }
    }
  }
}`,
    fill: { id: () => recall("mou") }, first: "MOUs and days left",
  },
  {
    name: "Who could take a referral", about: "Today, by what MOUs promise: where a cell has no path nobody can", needs: "mou.s",
    text: () => `query Coverage($taskForce: ID!) {
  coverage(taskForce: $taskForce) {
    asOf
    cells {
      need
      language
      area
      agencies
      paths { agency { name } lastDay endsEarly }
    }
    moreCells
  }
}`,
    fill: { taskForce: () => recall("taskforce") }, first: "Task forces",
  },
  {
    name: "Drafts of MOUs", about: "To begin with, one for each common kind", needs: "mou.r",
    text: () => `query Templates {
  mouTemplates {
    kind
    responsibilities
    termDays
    reviewAfterDays
    terms { purpose services confidentiality breachNoticeHours training conflictResolution terminationNoticeDays }
  }
}`,
  },
  {
    name: "Agencies", about: "The directory", needs: "directory.rs",
    text: () => `query Agencies {
  agencies(first: 20) {
    edges { node { id name kind confidentialProvider status } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "Task forces", about: "Which your agency belongs to", needs: "directory.rs",
    text: () => `query TaskForces {
  taskForces(first: 20) {
    edges { node { id name } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "How your task force answers", about: "To its coordinators, of the last month: null is under five, or would tell of what is",
    needs: "mou.s",
    text: () => `query Statistics($taskForce: ID!, $period: PeriodInput!) {
  referralStatistics(taskForce: $taskForce, period: $period) {
    months {
      month
      answered { ...table }
      unanswered { ...table }
    }
  }
}

fragment table on StatisticsTable {
  total { count medianAgeDays medianHoursToAnswer }
  byStatus { status figures { count medianAgeDays medianHoursToAnswer } }
  byNeed { need figures { count } }
  byAgency { agency { name } figures { count medianHoursToAnswer } }
}`,
    fill: { taskForce: () => recall("taskforce"), period: lastMonth }, first: "Task forces",
  },
  {
    name: "Anything by its id", about: "What you may not see answers as what does not exist",
    text: () => `query Anything($id: ID!) {
  node(id: $id) {
    __typename
    id
    ... on Agency { name kind }
    ... on Referral { referral: status }
    ... on Mou { title mou: status }
    ... on Consent { consent: status }
  }
}`,
    fill: { id: () => recall("referral") ?? recall("agency") }, first: "Who am I?",
  },
  {
    name: "Audit events", about: "Who read or changed what, and for which purpose", needs: "audit.rs",
    text: () => `query AuditEvents {
  auditEvents(first: 20) {
    edges {
      node {
        id
        index
        recordedAt
        type
        outcome
        agency { name }
        recipient { name }
        object
        purpose
        categories
        leafHash
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    name: "Audit checkpoint", about: "The signed size and root of the log", needs: "audit.rs",
    text: () => `query Checkpoint {
  auditCheckpoint { origin size rootHash note }
}`,
  },
];
