//! What clients send in more than one story.

/// The least that anybody can ask: whose token this is.
pub const VIEWER: &str = "{ viewer { subject } }";

pub const REGISTER_SURVIVOR: &str =
    "mutation($s: SurvivorInput!) { registerSurvivor(survivor: $s) { id } }";

pub const DRAFT_CONSENT: &str =
    "mutation($c: ConsentInput!) { draftConsent(consent: $c) { id status version } }";

pub const RENEW_CONSENT: &str = "mutation($id: ID!, $end: DateTime!) { renewConsent(id: $id, expiresAt: $end) \
    { id version status supersedes { id version status } } }";

pub const DRAFT_REFERRAL: &str =
    "mutation($r: ReferralInput!) { draftReferral(referral: $r) { id status } }";

pub const REVOKE_TOKEN: &str = "mutation($id: ID!) { revokeToken(tokenId: $id) }";

/// Signs a consent, and shows these fields of it.
pub fn sign_consent(shown: &str) -> String {
    format!(
        "mutation($id: ID!, $s: SignatureInput!) {{ signConsent(id: $id, signature: $s) {{ {shown} }} }}"
    )
}

/// Does what needs only a record's id, and shows these fields of what comes of it.
pub fn change(verb: &str, shown: &str) -> String {
    format!("mutation($id: ID!) {{ {verb}(id: $id) {{ {shown} }} }}")
}

/// Finds a record of a kind by its id: these fields of it.
pub fn node(kind: &str, shown: &str) -> String {
    format!("query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {shown} }} }} }}")
}

/// Reads a list, which may be narrowed in brackets: these fields of each entry.
pub fn list(list: &str, shown: &str) -> String {
    format!("{{ {list} {{ edges {{ node {{ {shown} }} }} }} }}")
}
